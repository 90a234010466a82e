#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are missing, and says so before it does.
#
#   scripts/install_deps.sh [--test] [--lint] [--sanitize] [--bench] [--emulate]
#
# Without an option: what building and running needs. Each option adds the packages of one purpose.
# When nothing is missing it prints nothing and calls neither apt-get nor sudo.
set -euo pipefail

# mpirun looks for ssh even when all its ranks are on this machine.
packages=(
  g++ cmake ninja-build ccache
  libopenmpi-dev openmpi-bin openssh-client
  libeigen3-dev libboost-dev libboost-program-options-dev libgtest-dev nlohmann-json3-dev
  zlib1g-dev libxxhash-dev libfmt-dev librandom123-dev libssl-dev
)

for option in "$@"; do
  case "$option" in
    --test) packages+=(python3) ;;
    # One version of the tools everywhere, since another one formats differently.
    --lint) packages+=(clang-format-14 clang-tidy-14 libomp-14-dev libclang-rt-14-dev git python3) ;;
    --sanitize) packages+=(clang-14 llvm-14 libomp-14-dev libclang-rt-14-dev) ;;
    --bench) packages+=(python3-torch libopenblas0-pthread python3-numpy python3-pandas python3-sklearn
      liblinear-tools) ;;
    --emulate) packages+=(qemu-user) ;;
    -h | --help)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "install_deps.sh: unknown option '$option'; known: --test --lint --sanitize --bench --emulate" >&2
      exit 2
      ;;
  esac
done

system=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}" || true)
if ! [[ " $system " =~ \ (debian|ubuntu)\  ]] || ! command -v dpkg-query >/dev/null; then
  {
    echo "not Debian or Ubuntu: install what these packages contain, then build with cmake:"
    echo "  ${packages[*]}"
    echo "  cmake --preset release && cmake --build --preset release"
  } >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$status" != installed ] && [[ " ${missing[*]} " != *" $package "* ]]; then
    missing+=("$package")
  fi
done
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi

update=(apt-get update)
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    {
      echo "packages are missing, and there is no sudo; run as root:"
      echo "  ${update[*]}"
      echo "  ${install[*]}"
    } >&2
    exit 1
  fi
  update=(sudo "${update[@]}")
  install=(sudo "${install[@]}")
fi

echo "packages are missing: ${missing[*]}; running:" >&2
echo "  ${update[*]}" >&2
"${update[@]}" >&2
echo "  ${install[*]}" >&2
"${install[@]}" >&2
