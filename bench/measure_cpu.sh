#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The measurements of docs/performance.md on this processor, on an otherwise idle machine.
#
#   bench/measure_cpu.sh                  lists the steps
#   bench/measure_cpu.sh STEP... | all    takes them; PYTHON: an interpreter with tests/golden/requirements.txt
#
# Results go to bench/results/<date>-<processor>-<cores>c-<isa>-<step>.json; what one step leaves for another lies in
# build/measure/. No step takes a quarter of an hour but reference-12mp-paper, whose float64 reference does (made once).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
bench=${BENCH:-build/cpu/bin/duhdr-bench}
threads=${THREADS:-2}
work=build/measure
stages=(dnet dnet-joint nnet innet dnm-joint itnet itnet-joint oonet finetune
        dnet-unpaired dnm-unpaired itnet-unpaired oonet-unpaired)
plain=(eager channels_last jit)
compiled=(compile reduce-overhead max-autotune)

steps=(layers)
for widths in paper letter lite; do
  steps+=("chain-512-plain-$widths" "chain-512-compiled-$widths")
  for size in 1080p 12mp; do steps+=("reference-$size-$widths" "chain-$size-$widths"); done
  for peer in every-tile channels_last compile; do steps+=("masked-1080p-$peer-$widths"); done
  for stage in "${stages[@]}"; do
    steps+=("training-$stage-plain-$widths" "training-$stage-compiled-$widths")
  done
  steps+=("training-$widths")
done

result() { echo "bench/results/$("$python" bench/comparison.py)-$1.json"; }

chain() {  # name, widths, further options
  local name=$1 widths=$2
  shift 2
  "$python" bench/compare_pytorch.py --bench "$bench" --threads "$threads" --config "configs/$widths.json" \
    --references "$work/references" --json "$(result "$name")" "$@"
}

training() {  # name, stage, widths, peers...
  local name=$1 stage=$2 widths=$3 shape=(--batch 2 --size 256)
  shift 3
  [[ $widths == paper ]] || shape=(--batch 8 --size 128)
  "$python" bench/compare_training.py --bench "$bench" --threads "$threads" --config "configs/$widths.json" \
    "${shape[@]}" --stages "$stage" --rounds 3 --peers "$@" --json "$work/$widths-training/$name.json"
}

take() {
  local step=$1 widths=${1##*-} part
  case $step in
    layers)
      mkdir -p bench/results
      "$bench" --threads "$threads" --benchmark_filter=^layer/ --benchmark_min_time=0.05 --benchmark_repetitions=5 \
        --benchmark_out="$(result layers)" ;;
    chain-512-plain-*) chain "$step" "$widths" --sizes 512x512 --rounds 7 --peers "${plain[@]}" ;;
    chain-512-compiled-*) chain "$step" "$widths" --sizes 512x512 --rounds 7 --peers "${compiled[@]}" ;;
    reference-1080p-*) chain "$step" "$widths" --sizes 1920x1080 --rounds 0 ;;
    reference-12mp-*) chain "$step" "$widths" --sizes 4000x3000 --rounds 0 ;;
    chain-1080p-*) chain "$step" "$widths" --sizes 1920x1080 --rounds 3 --peers channels_last compile ;;
    chain-12mp-*) chain "$step" "$widths" --sizes 4000x3000 --peers ;;
    masked-1080p-*)
      part=${step#masked-1080p-}
      chain "$step" "$widths" --sizes 1920x1080 --rounds 3 --picture window-5 --masked --peers "${part%-*}" ;;
    training-paper | training-letter | training-lite)
      "$python" bench/compare_training.py --merge "$work/$widths-training"/*.json --json "$(result "$step")" ;;
    training-*-plain-*) part=${step#training-}; training "$step" "${part%-plain-*}" "$widths" "${plain[@]}" ;;
    training-*-compiled-*) part=${step#training-}; training "$step" "${part%-compiled-*}" "$widths" "${compiled[@]}" ;;
    *) echo "error: no step $step" >&2; return 2 ;;
  esac
}

if [[ $# == 0 ]]; then
  printf '%s\n' "${steps[@]}"
  exit
fi
[[ $1 == all ]] && set -- "${steps[@]}"
for step in "$@"; do
  echo "== $step ($(date -u +%H:%M:%S))"
  take "$step"
done
