#!/usr/bin/env bash
# Tables 4, 2, 3 and COCO on the published corpora, in BENCH_DATA: seven rows (real is there by itself), three seeds.
# Run it again and it continues; --jobs and other options pass through. `--seeds 1` begins with one seed of every row,
# and DATASETS="nottingham poems" with two of the corpora.
set -eu
corpora=${BENCH_DATA:?set BENCH_DATA to the folder of the published corpora}
chosen=()
for name in ${DATASETS:-nottingham poems obama coco}; do
  chosen+=(-d "$name")
  if [ "$name" = obama ]; then chosen+=(--corpus "obama=$corpora/obama/whitehouse.txt"); fi
done
exec bench run "${chosen[@]}" \
  -b random-unigram -b ngram -b mle -b mle-regularised -b seqgan -b random-reward \
  --preset lean --set evaluation.curve_every=20 \
  --data published --plan corpora --seeds 3 "$@"
