#!/usr/bin/env bash
# Installs what is missing, builds the preset ci (warnings are errors) and runs the test suite.
#
#   scripts/test.sh [CTEST OPTION...]      scripts/test.sh -R core_test
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

./scripts/install_deps.sh --test
./scripts/build.sh ci

# Four ranks on two cores must not spin while they wait for each other.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMP_WAIT_POLICY=passive
# Twice the cores, since tests wait for mpirun as long as they compute.
exec ctest --preset ci --output-on-failure --parallel "$((2 * $(nproc)))" "$@" </dev/null
