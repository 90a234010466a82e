#!/usr/bin/env bash
# Trains on real data with 1, 2, 3, 4, 5 and 8 ranks and 1 and 2 threads, in float and double, with
# plain descent, momentum and Adam, and compares the model files: one hash for every row.
#
#   LOCKSTEP_DATA=FOLDER scripts/identity_on_data.sh
#
# FOLDER holds the data sets as configs/README.md describes. Takes about seven minutes on two cores;
# returns 1 when a model differs.
set -euo pipefail
if [ -z "${LOCKSTEP_DATA:-}" ]; then
  echo "identity_on_data.sh: set LOCKSTEP_DATA to the folder of the data sets" >&2
  exit 1
fi
LOCKSTEP_DATA=$(realpath -- "$LOCKSTEP_DATA")
export LOCKSTEP_DATA
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
export OMPI_MCA_rmaps_base_oversubscribe=1 OMP_WAIT_POLICY=passive
./scripts/install_deps.sh
./scripts/build.sh release

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# Batches that leave the last one short, and iris with empty lanes in it (150 mod 73 = 4 rows).
experiments=(
  "mnist --train.epochs=1 --train.batch_size=256"
  "iris --train.epochs=10 --train.batch_size=73"
  "wine-quality --train.epochs=3 --train.batch_size=500"
)
optimizers=(
  "sgd --train.optimizer=sgd --train.momentum=0 --train.learning_rate=0.05"
  "momentum --train.optimizer=sgd --train.momentum=0.9 --train.learning_rate=0.005"
  "adam --train.optimizer=adam --train.learning_rate=0.001"
)

# train_hash RANKS THREADS KEYS...
train_hash() {
  local ranks=$1 threads=$2
  shift 2
  rm -rf -- "$work/run"
  if ! mpirun -q --bind-to none -n "$ranks" build/release/trainer/lockstep train "$@" \
    --train.lanes=8 --run.threads="$threads" --output.dir="$work/run" >"$work/log" 2>&1 </dev/null; then
    cat "$work/log" >&2
    return 1
  fi
  sha256sum <"$work/run/model.safetensors" | cut -d' ' -f1
}

different=0
for experiment in "${experiments[@]}"; do
  read -r -a keys <<<"$experiment"
  for precision in float double; do
    for optimizer in "${optimizers[@]}"; do
      read -r -a optimizer_keys <<<"$optimizer"
      arguments=(--config="configs/${keys[0]}.ini" "${keys[@]:1}" --train.precision="$precision"
        "${optimizer_keys[@]:1}")
      reference=$(train_hash 1 1 "${arguments[@]}")
      others=0
      for ranks in 1 2 3 4 5 8; do
        for threads in 1 2; do
          hash=$(train_hash "$ranks" "$threads" "${arguments[@]}")
          if [ "$hash" != "$reference" ]; then
            echo "$ranks ranks × $threads threads: $hash" >&2
            others=$((others + 1))
          fi
        done
      done
      verdict=same
      if [ "$others" -gt 0 ]; then verdict="DIFFERENT in $others of 12"; fi
      different=$((different + others))
      printf '%-13s %-7s %-9s %s %s\n' "${keys[0]}" "$precision" "${optimizer_keys[0]}" \
        "$reference" "$verdict"
    done
  done
done
if [ "$different" -gt 0 ]; then
  echo "identity_on_data.sh: $different models differ" >&2
  exit 1
fi
echo "all models are equal" >&2
