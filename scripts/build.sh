#!/usr/bin/env bash
# Configures and builds one preset of CMakePresets.json in build/PRESET.
#
#   scripts/build.sh [PRESET]      the default is release: the program build/release/trainer/lockstep
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

preset=${1:-release}
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(build_jobs)"
