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
cmake --build --preset auto --target duhdr-infer

bin=build/auto/bin
name=$(basename "${photo%.*}")
mkdir -p demo
echo "== Photo to HDR =="
report=$("$bin/duhdr-infer" -i "$photo" -o "demo/$name.exr" --preview --if-exists overwrite --json)
brightest=$(LC_ALL=C printf '%.1f' "$(sed -nE 's/.*"max":([^,]+),.*/\1/p' <<<"$report")")

cat <<END

Done:
  demo/$name.exr           the HDR image, scene-linear
  demo/$name.preview.png   the same as an ordinary picture: at -6, -4, -2 and 0 EV, side by side

1.0 is the level at which the photo clips. The brightest value of this result is $brightest: what lies above
1.0 (in the sample the sun and the sky around it) was white in the photo and is reconstructed by the model.

Open the preview in any viewer: its darker panels show what the lights hold. For the EXR take tev, HDRView, Blender,
Krita or any compositor, and pull the exposure down by 2 to 6 stops.

Your own photo:
  $bin/duhdr-infer -i YOUR-PHOTO.jpg -o YOUR-PHOTO.exr --preview
END
