#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mistakes that a GPU would punish, made on purpose: each row of planted.tsv (what is broken, file, sed script, test) is
# applied to a copy of the tree, the test is built and run on the fake GPU, and has to fail. Prints a row of Markdown
# for each; ends with 1 when a mistake was not seen.
#
#   tests/fake_gpu/planted.sh [WORDS]     only the rows that contain WORDS
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
list=$PWD/tests/fake_gpu/planted.tsv
copy=build/planted
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
cmake --preset cpu --log-level=WARNING >/dev/null

# Whether a test, built, passes with every seed. What does not compile tells nothing.
passes() {
  cmake --build build/cpu --target "${1}_test" >build/planted.log 2>&1 || { cat build/planted.log >&2; exit 2; }
  GTEST_FAIL_FAST=1 ctest --test-dir build/cpu -R "^${1}_[0-9]+\$" --no-tests=error >>build/planted.log 2>&1
}

for test in $(grep -F -- "${1:-}" "$list" | cut -f4 | sort -u); do
  passes "$test" || { echo "error: $test fails without a mistake" >&2; exit 2; }
done

result=0
echo "| Mistake | In | Test | |"
echo "|---|---|---|---|"
while IFS=$'\t' read -r what file script test; do
  sed -i.whole "$script" "$file"
  if cmp -s "$file" "$file.whole"; then
    seen="has no place any more"
    result=1
  elif passes "$test"; then
    seen="NOT SEEN"
    result=1
  else
    seen=seen
  fi
  mv "$file.whole" "$file"
  touch "$file"
  echo "| $what | \`$file\` | \`$test\` | $seen |"
done < <(grep -F -- "${1:-}" "$list")
exit "$result"
