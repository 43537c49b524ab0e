#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build needs and this machine lacks, with apt (Debian 12, Ubuntu 24.04). Asks nothing; does
# nothing, and needs no rights, when all is there.
#
#   scripts/install-dependencies.sh [PACKAGE...]     also these packages
#   scripts/install-dependencies.sh --list           print the packages and stop
#
# DUHDR_SKIP_INSTALL=1 makes it do nothing: for systems where the libraries come from elsewhere.
set -euo pipefail

packages=(
  g++ cmake ninja-build                        # tools
  libopenexr-dev libimath-dev zlib1g-dev       # EXR
  libjpeg-dev libpng-dev libstb-dev            # JPEG, PNG, other pictures
  libavif-dev                                  # AVIF; the build goes without it where it is missing
  liblcms2-dev                                 # colour profiles
  libtiff-dev libwebp-dev libheif-dev          # TIFF, WebP, HEIC and AVIF
  libkissfft-dev                               # Fourier transforms of metrics
  nlohmann-json3-dev libcli11-dev              # JSON, command lines
  libssl-dev                                   # SHA-256
  libspdlog-dev libfmt-dev                     # log
  libgtest-dev libbenchmark-dev                # tests, benchmarks
)

if [[ ${1:-} == --list ]]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi
if [[ ${1:-} == -* ]]; then
  echo "error: unknown option $1 (allowed: --list or package names)" >&2
  exit 2
fi
packages+=("$@")
if [[ ${DUHDR_SKIP_INSTALL:-} == 1 ]]; then
  exit 0
fi

give_up() {
  echo "error: $1" >&2
  echo "These packages of Debian 12 or Ubuntu 24.04, or their equivalents, are needed:" >&2
  echo "  $2" >&2
  echo "With them in place, set DUHDR_SKIP_INSTALL=1 to leave this step out." >&2
  exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  give_up "this system has no apt-get, so nothing can be installed here" "${packages[*]}"
fi

is_installed() {
  dpkg-query --show --showformat '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}
missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

# shellcheck source=/dev/null
system=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
case $system in
  "debian 12" | "ubuntu 24.04") ;;
  *) echo "note: this is $system; duhdr is tested on Debian 12 and Ubuntu 24.04" >&2 ;;
esac

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    give_up "packages are missing, and neither root rights nor sudo are at hand" "${missing[*]}"
  fi
  as_root=(sudo)
fi
# `env` inside sudo: sudo would drop the variable.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300)

echo "Installing ${#missing[@]} packages: ${missing[*]}"
"${apt[@]}" update
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}"; then
  give_up "apt-get could not install them (on Ubuntu they are in the component 'universe')" "${missing[*]}"
fi
