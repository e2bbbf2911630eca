#!/usr/bin/env bash
# Table 1 on the authors' oracle, in BENCH_DATA: every shipped row, eight seeds, at the lean preset.
# Run it again and it continues; --jobs and other options pass through. `--seeds 3` begins with three seeds.
set -eu
: "${BENCH_DATA:?set BENCH_DATA to the folder of the authors\' oracle}"
exec bench run --all -d oracle --preset lean --data published --plan table1 --seeds 8 "$@"
