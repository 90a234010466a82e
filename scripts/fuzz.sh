#!/usr/bin/env bash
# Fuzzes the readers (CSV, LIBSVM, IDX, .npy, .lsd, safetensors, configuration) with libFuzzer under the
# sanitizers, one after another. Stops at the first input that breaks one and prints where it was
# kept.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]
#
# 60 seconds for each; targets: csv libsvm idx npy lsd safetensors config
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

seconds=${1:-60}
shift || true
targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then targets=(csv libsvm idx npy lsd safetensors config); fi
./scripts/install_deps.sh --sanitize
./scripts/build.sh fuzz

for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target
  mkdir -p "$corpus"
  echo "fuzz.sh: $target for $seconds s" >&2
  LOCKSTEP_FUZZ_SEEDS=$corpus ASAN_OPTIONS=detect_leaks=0 OMP_NUM_THREADS=1 \
    "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="build/fuzz/$target-" "$corpus"
done
