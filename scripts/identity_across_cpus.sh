#!/usr/bin/env bash
# Trains small models, describes and decomposes a small data set, natively and under emulated CPUs
# (qemu-user), and compares the files.
# What differs between CPUs is what the C library, Eigen and Lockstep choose at run time.
#
#   scripts/identity_across_cpus.sh [--section.key=value ...]
#
# Further keys apply to every run. Takes a few minutes; returns 1 when a model differs.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

cpus=(Haswell Skylake-Server EPYC-Rome)
if [ "$(uname -m)" != x86_64 ]; then
  echo "identity_across_cpus.sh: emulates CPUs of x86_64, this is $(uname -m)" >&2
  exit 1
fi
./scripts/install_deps.sh --emulate
if [ ! -x build/release/trainer/lockstep ]; then ./scripts/build.sh release; fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# One rank and one thread: the emulator runs one thread at a time anyhow.
export OMP_NUM_THREADS=1

small=(train --data.format=synthetic --synthetic.rows=500 --synthetic.test_rows=100)
steps="--train.epochs=2 --train.batch_size=64 --train.lanes=8"
# A name, then the keys of the experiment.
experiments=(
  "mlp-float $steps --synthetic.kind=digits --model.type=mlp --model.hidden=32,13"
  "mlp-double $steps --synthetic.kind=moons --model.type=mlp --model.hidden=7,16 --model.activation=tanh --train.precision=double"
  "softmax-float $steps --synthetic.kind=blobs --model.type=softmax --preprocess.scale=standard"
  "linear-double $steps --synthetic.kind=linear --model.type=linear --train.precision=double --train.optimizer=sgd --train.momentum=0.9"
  "naive-bayes --synthetic.kind=blobs --model.type=naive_bayes"
)

# model_hash NAME KEYS... -- COMMAND...: trains with COMMAND and prints the model's SHA-256.
model_hash() {
  local name=$1 keys=()
  shift
  while [ "$1" != -- ]; do
    keys+=("$1")
    shift
  done
  shift
  if ! "$@" "${small[@]}" "${keys[@]}" --output.dir="$work/$name" >"$work/log" 2>&1 </dev/null; then
    cat "$work/log" >&2
    echo "identity_across_cpus.sh: training $name failed; its output stands above" >&2
    return 1
  fi
  sha256sum <"$work/$name/model.safetensors" | cut -d' ' -f1
}

different=0
program=build/release/trainer/lockstep
for experiment in "${experiments[@]}"; do
  read -r -a keys <<<"$experiment"
  name=${keys[0]}
  keys=("${keys[@]:1}" "$@")
  native=$(model_hash "$name-native" "${keys[@]}" -- "$program")
  printf '%-14s %-15s %s\n' "$name" native "$native"
  for cpu in "${cpus[@]}"; do
    emulated=$(model_hash "$name-$cpu" "${keys[@]}" -- qemu-x86_64 -cpu "$cpu" "$program")
    verdict=same
    if [ "$emulated" != "$native" ]; then
      verdict=DIFFERENT
      different=$((different + 1))
    fi
    printf '%-14s %-15s %s %s\n' "$name" "$cpu" "$emulated" "$verdict"
  done
done

# output_hash COMMAND...: the SHA-256 of what a command prints and writes to $work/out.
output_hash() {
  rm -rf -- "$work/out"
  if ! "$@" >"$work/stdout" 2>"$work/log" </dev/null; then
    cat "$work/log" >&2
    return 1
  fi
  if [ -d "$work/out" ]; then cat "$work/out"/*; fi | cat "$work/stdout" - | sha256sum | cut -d' ' -f1
}

"$program" generate --synthetic.kind=blobs --synthetic.rows=3000 --synthetic.test_rows=0 \
  --output="$work/blobs" 2>/dev/null
data=(--data.train="$work/blobs/train.csv" --data.target=class)
analyses=(
  "describe --json"
  "decompose --method=pca --output.dir=$work/out"
  "decompose --method=pca --solver=randomized --components=3 --output.dir=$work/out"
  "decompose --method=qr --output.dir=$work/out"
  "decompose --method=eigen --output.dir=$work/out"
  "decompose --method=kmeans --output.dir=$work/out"
)
for analysis in "${analyses[@]}"; do
  read -r -a command <<<"$analysis"
  name="${command[*]:0:2}"
  native=$(output_hash "$program" "${command[@]}" "${data[@]}")
  printf '%-22s %-15s %s\n' "$name" native "$native"
  for cpu in "${cpus[@]}"; do
    emulated=$(output_hash qemu-x86_64 -cpu "$cpu" "$program" "${command[@]}" "${data[@]}")
    verdict=same
    if [ "$emulated" != "$native" ]; then
      verdict=DIFFERENT
      different=$((different + 1))
    fi
    printf '%-22s %-15s %s %s\n' "$name" "$cpu" "$emulated" "$verdict"
  done
done

if [ "$different" -gt 0 ]; then
  echo "identity_across_cpus.sh: $different results differ" >&2
  exit 1
fi
echo "all results are equal" >&2
