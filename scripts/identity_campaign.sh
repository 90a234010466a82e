#!/usr/bin/env bash
# Trains random small networks on random numbers of ranks and threads, and compares every bit of θ,
# of the optimizer's state and of the losses with one rank on one thread. Prints the configurations
# that differ and returns 1 when there are any.
#
#   scripts/identity_campaign.sh [CASES [SEED]]      1000 cases over threads as ranks (up to 16) and
#                                                    as many over MPI (up to 7); SEED is the time
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

cases=${1:-1000}
seed=${2:-$(date +%s)}
./scripts/install_deps.sh --test
./scripts/build.sh ci
echo "identity_campaign.sh: seed $seed, 2 × $cases cases" >&2
export LOCKSTEP_CAMPAIGN_CASES=$cases LOCKSTEP_CAMPAIGN_SEED=$seed
export OMP_WAIT_POLICY=passive
mpirun -q --oversubscribe -n 7 build/ci/tests/identity_campaign
