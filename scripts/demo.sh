#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds duhdr-infer and turns a photograph into HDR.
#
#   scripts/demo.sh [PHOTO]     without PHOTO: the sample in docs/sample; results go to demo/
set -euo pipefail
if (($# > 1)) || [[ ${1:-} == -* ]]; then
  echo "usage: scripts/demo.sh [PHOTO]" >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
photo=$(realpath -m -- "${1:-$root/docs/sample/photo.jpg}")
if [[ ! -f $photo ]]; then
  echo "error: $photo: no such file" >&2
  exit 6
fi
cd "$root"

scripts/install-dependencies.sh

echo "== Build (build/auto; minutes the first time, seconds after that) =="
cmake --preset auto --log-level=NOTICE
cmake --build --preset auto --target duhdr-infer duhdr-train

bin=build/auto/bin
model=demo/model
if [[ ! -f $model/model.json ]]; then
  echo "== Model =="
  mkdir -p demo
  "$bin/duhdr-train" --init-only "$model" --seed 1
fi

name=$(basename "${photo%.*}")
echo "== Photo to HDR =="
"$bin/duhdr-infer" -m "$model" -i "$photo" -o "demo/$name.exr" --preview --if-exists overwrite

echo
echo "Done:"
printf '  %s\n' "demo/$name"*
cat <<END

The model is UNTRAINED: the result is the photo linearised with the mean inverse camera response. It is scene-linear,
but blown-out highlights stay where the photo clipped them. Trained weights are not part of the project yet.

Your own photo:
  $bin/duhdr-infer -m $model -i YOUR-PHOTO.jpg -o YOUR-PHOTO.exr --preview
END
