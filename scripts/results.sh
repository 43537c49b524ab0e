#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the model that comes with duhdr beside linearisations, operators and bounds, and writes the tables of
# docs/results.md.
#
#   scripts/results.sh HDR-DIR [LABEL=MODEL ...]    HDR images that no training has seen; further models to measure
#
# The pairs are made below results/ and made again only when that folder is gone. Programs: build/auto/bin, or $DUHDR_BIN.
set -euo pipefail
if (($# < 1)) || [[ $1 == -* ]]; then
  echo "usage: scripts/results.sh HDR-DIR [LABEL=MODEL ...]" >&2
  exit 2
fi
images=$(realpath -- "$1")
shift
models=()
for model in "$@"; do
  [[ $model == *=* ]] || { echo "error: $model: expected LABEL=MODEL" >&2; exit 2; }
  models+=(-m "${model%%=*}=$(realpath -- "${model#*=}")")
done
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
bin=${DUHDR_BIN:-build/auto/bin}
[[ -d results/pairs ]] || "$bin/duhdr-data" evaluation -i "$images" -o results/pairs

linearised=(srgb gamma-2.2 mean-inverse true-curve)
operators=(akyuz-2007 masia-2017 kovaleski-oliveira-2014 huo-2014 kuo-2012 banterle-2006 rempel-2007)
bounds=(blind-gain half-highlights)
methods=(-m lite=weights/lite "${models[@]}")
for name in "${linearised[@]}" "${operators[@]}" "${bounds[@]}"; do methods+=(-m "$name"); done

# $1 protocol, $2 metrics
measure() {
  "$bin/duhdr-eval" results/pairs "${methods[@]}" -p "$1" --metrics "$2" --markdown "results/$1.md" \
    --json "results/$1.json" --keep "results/keep-$1" >/dev/null
}
measure scale log-rmse-clipped,structure,energy-abs,pu21-psnr,mu-psnr,log-rmse-255,delta-e-itp
measure base-0.1% vdp3-q

page=docs/results.md
for marker in begin end; do
  grep -q "^<!-- tables: $marker -->$" "$page" || { echo "error: $page: no line <!-- tables: $marker -->" >&2; exit 3; }
done
{
  sed '/^<!-- tables: begin -->$/q' "$page"
  printf '\n### Light: one factor for each picture\n\n'
  cat results/scale.md
  printf '\n### What is seen: HDR-VDP-3\n\n'
  cat results/base-0.1%.md
  printf '\n'
  sed -n '/^<!-- tables: end -->$/,$p' "$page"
} >results/page.md
mv results/page.md "$page"
echo "$page written"
