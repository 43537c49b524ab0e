#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything (with CUDA where it is found) and runs all tests.
#
#   scripts/test.sh [--werror] [CTEST-OPTION...]     for example: scripts/test.sh -R conv
#
# With --werror or CI=true warnings are errors; with CI=true the format check is installed too. GPU tests carry
# the label `gpu` and are reported as skipped on a machine without a usable GPU; they also run on a fake one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

werror=OFF
extra_packages=()
if [[ ${CI:-} == true ]]; then
  werror=ON
  extra_packages=(clang-format-14)
fi
if [[ ${1:-} == --werror ]]; then
  werror=ON
  shift
fi

scripts/install-dependencies.sh "${extra_packages[@]}"

# Every version of clang-format formats differently: only this one counts.
format_version=14
clang_format=
for program in "clang-format-$format_version" clang-format; do
  if command -v "$program" >/dev/null && [[ $("$program" --version) == *"version $format_version."* ]]; then
    clang_format=$program
    break
  fi
done
if [[ -n $clang_format ]]; then
  echo "== Format ($clang_format) =="
  find . \( -path './build*' -o -path './.*' -o -path ./demo \) -prune -o \
    -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
    xargs -0 -r "$clang_format" --dry-run -Werror --style=file
else
  echo "== Format: NOT CHECKED, clang-format $format_version is not installed =="
fi

echo "== Build (build/auto) =="
cmake --preset auto -DDUHDR_WERROR=$werror -DDUHDR_TESTS=ON
cmake --build --preset auto

echo "== Tests =="
exec ctest --preset auto --no-tests=error "$@"
