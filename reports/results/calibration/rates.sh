#!/usr/bin/env bash
# The type-I errors of the printed tests: simulated, and on the runs of run.sh.
set -eu
tail='adversarial_steps=20,mle_epochs=20'
bench calibrate --studies 2000 --out simulated.csv
bench calibrate 'mle[mle_epochs=20]' 'mle[mle_epochs=20,own_start=True]' -d enumerable --studies 2000 --out own-starts.csv
bench calibrate "random-reward[$tail]" "Again[$tail]" -d enumerable --studies 2000 --out shared-starts.csv
