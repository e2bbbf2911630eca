#!/usr/bin/env bash
# The ladder: SEEDS=3 reports/results/ladder/run.sh --jobs 1. Run it again and it continues; more seeds add to the same plan.
set -eu
here=$(dirname "$0")
nothing='[adversarial_rate=0.01,mle_epochs=0]'
exec bench run --preset "$here/ladder.toml" --plan ladder --seeds "${SEEDS:-8}" \
  -d 'enumerable[train=256|1024|4096|16384|65536,words=6|12]' -d 'markov[train=256|1024|4096|16384|65536,words=10|30]' \
  -b ngram -b mle -b seqgan -b random-reward -b constant-reward \
  -b "seqgan$nothing" -b "random-reward$nothing" -b "constant-reward$nothing" "$@"
