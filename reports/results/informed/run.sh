#!/usr/bin/env bash
# SeqGAN with a discriminator that learns in time, beside lean SeqGAN and the controls at the same rounds; three seeds.
# On the authors' oracle, in BENCH_DATA. In the folder of ../table1/run.sh all but the new row is found finished.
# Run it again and it continues; --jobs and other options pass through.
set -eu
: "${BENCH_DATA:?set BENCH_DATA to the folder of the authors\' oracle}"
informed='informed=seqgan[discriminator_epochs=25,discriminator_rate=0.001,discriminator_updates=60,filters=0.25]'
exec bench run -b "$informed" -b seqgan -b random-reward -b constant-reward -b mle -d oracle \
  --preset lean --data published --plan informed --seeds 3 "$@"
