#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For developers: builds the tests of the operations for 64-bit ARM and runs them under qemu: every row of the table of
# operations and the convolutions by NEON, the convolutions by the scalar table too. For Debian 12 on another processor.
#
#   scripts/check-neon.sh [CTEST-OPTION...]     for example: scripts/check-neon.sh -j 2
#
# Takes about 15 minutes on two processors, and 10 more for the first build. The full layers of the networks are
# compared with the reference loops, but not by threads and by crops: under qemu that is most of an hour. GTEST_FILTER='*'
# runs these, too; any other filter replaces the default one.
#
# Installs the cross compiler and qemu; the libraries for ARM come from the machine's own package sources into a folder
# below build/neon, because some of them cannot be installed beside those of the machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'status=$?; ((status == 0)) || echo "== NEON: FAILED after $SECONDS s ==" >&2' EXIT

scripts/install-dependencies.sh g++-aarch64-linux-gnu qemu-user
build=$PWD/build/neon
sysroot=$build/sysroot

# What the build needs, without its tools, and the C library.
mapfile -t packages < <(scripts/install-dependencies.sh --list | grep -e '-dev$'; echo libc6-dev)

# apt with a state of its own, in which nothing is installed and every machine is an ARM.
make_sysroot() {
  local apt=$build/apt
  rm -rf "$apt" "$sysroot"
  mkdir -p "$apt"/{lists,archives}/partial "$sysroot"/usr/lib
  touch "$apt/status"
  cat >"$apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
CONF
  APT_CONFIG=$apt/apt.conf apt-get -q update
  APT_CONFIG=$apt/apt.conf apt-get -y -q --no-install-recommends --download-only install "${packages[@]}"
  ln -s usr/lib "$sysroot/lib"
  local package link
  for package in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink --directory="$sysroot"
  done
  # Links that begin at the root would leave the folder.
  find "$sysroot" -type l -lname '/*' | while read -r link; do
    ln --symbolic --force --no-dereference "$(realpath -m --relative-to="${link%/*}" "$sysroot$(readlink "$link")")" "$link"
  done
  rm -rf "$apt"
  echo "${packages[*]}" >"$sysroot/packages"
}
if [[ $(cat "$sysroot/packages" 2>/dev/null) != "${packages[*]}" ]]; then
  echo "== Libraries for ARM =="
  make_sysroot
fi

echo "== Build (build/neon) =="
cmake -S . -B "$build" -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake -DCMAKE_SYSROOT="$sysroot" \
  -DDUHDR_CUDA=OFF -DDUHDR_BENCH=OFF -DDUHDR_WERROR=ON
cmake --build "$build" --target op_test conv_test

echo "== Tests under qemu =="
# With the variable a build without NEON fails; conv_scalar has its own.
export DUHDR_CPU_ISA=neon
export GTEST_FILTER=${GTEST_FILTER:-'-*NetworkLayer.SameBits*:*NetworkLayer.ACrop*'}
ctest --test-dir "$build" --no-tests=error --output-on-failure --timeout 7200 \
  -R '^(op|conv|conv_scalar|isa_neon|isa_scalar)$' "$@"
echo "== NEON: passed after $SECONDS s =="
