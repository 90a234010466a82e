#!/usr/bin/env bash
# From nothing to a trained model: installs what is missing, builds, and trains
# configs/quickstart.ini with two ranks, or with one on a machine with one core.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

./scripts/install_deps.sh
./scripts/build.sh release

ranks=2
if [ "$(nproc)" -eq 1 ]; then ranks=1; fi
# Without binding, each rank finds all cores and takes its share of them. Two hardware threads of
# one core are one slot to mpirun, hence --oversubscribe.
train=(mpirun -n "$ranks" --bind-to none --oversubscribe
  build/release/trainer/lockstep train --config configs/quickstart.ini)
echo "in $lockstep_root: ${train[*]}" >&2
exec "${train[@]}" </dev/null
