#!/usr/bin/env bash
# Two null pairs of real arms: the same method with other random numbers, from other starts and from the same ones.
# Run it again and it continues; --jobs and other options pass through. Then `rates.sh` in the same folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec bench run -b mle -b 'mle[own_start=true]' -b random-reward -b "$here/again.py:Again" -d enumerable \
  --preset smoke --set defaults.mle_epochs=20 --set defaults.adversarial_steps=20 --seeds 64 --plan null-pair "$@"
