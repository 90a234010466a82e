#!/usr/bin/env bash
# Format, layering rules, shell syntax and clang-tidy. Prints every finding; fails if there is one.
#
#   scripts/lint.sh [--fast]       --fast leaves clang-tidy out
#
# clang-tidy takes the compile commands of build/ci, which is configured but not built.
# LOCKSTEP_LINT_SECONDS is the time that it may take (default 120); what was changed last comes first.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

fast=no
case "${1:-}" in
  '') ;;
  --fast) fast=yes ;;
  *)
    echo "lint.sh: unknown option '$1'; known: --fast" >&2
    exit 2
    ;;
esac

./scripts/install_deps.sh --lint
failures=0
step() {
  echo "== $1" >&2
  shift
  "$@" || failures=$((failures + 1))
}

check_shell() {
  local script status=0
  for script in .ci/run scripts/*.sh scripts/slurm/*.sbatch; do
    bash -n "$script" || status=1
  done
  return "$status"
}

check_format() {
  find core comm trainer tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 -r clang-format-14 --dry-run --Werror
}

check_tidy() {
  cmake --preset ci >/dev/null || return 1
  python3 scripts/run_clang_tidy.py --build build/ci --seconds "${LOCKSTEP_LINT_SECONDS:-120}"
}

step "shell syntax" check_shell
step "clang-format" check_format
step "layers and bits (scripts/check_includes.py)" python3 scripts/check_includes.py
if [ "$fast" = no ]; then step "clang-tidy" check_tidy; fi

if [ "$failures" -gt 0 ]; then
  echo "lint: $failures of the steps above failed" >&2
  exit 1
fi
echo "lint: all is well" >&2
