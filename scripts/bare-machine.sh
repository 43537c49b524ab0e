#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For developers: runs the README's two commands in a fresh minimal Debian or Ubuntu and tells how long they took.
# Shows what is missing from scripts/install-dependencies.sh. Needs root, debootstrap, about 4 GB of disk and a
# package mirror; nothing of this machine is changed.
#
#   scripts/bare-machine.sh [--suite NAME] [--mirror URI] [--untracked] [--install-only] [--keep]
#
#   --suite NAME     release to install (default: this machine's)
#   --mirror URI     where its packages are (default: where this machine's apt gets them)
#   --untracked      copy new files too, not only those that git tracks
#   --install-only   stop after the dependencies are installed and CMake has found them
#   --keep           leave the folder for a look inside
set -euo pipefail

suite=""
mirror=""
untracked=()
steps="configure demo demo-again test"
keep=no
while (($# > 0)); do
  case $1 in
    --suite) suite=${2:?--suite needs a name}; shift ;;
    --mirror) mirror=${2:?--mirror needs a URI}; shift ;;
    --untracked) untracked=(--others --exclude-standard) ;;
    --install-only) steps=configure ;;
    --keep) keep=yes ;;
    *) echo "error: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ((EUID != 0)); then
  echo "error: a new root file system can only be made by root" >&2
  exit 1
fi
for program in debootstrap unshare chroot git; do
  if ! command -v "$program" >/dev/null; then
    echo "error: $program is not installed" >&2
    exit 1
  fi
done
if [[ -z $suite ]]; then
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
fi
if [[ -z $mirror ]]; then
  # shellcheck disable=SC2016  # the names are apt's, not the shell's
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' |
    awk -v suite="$suite" '$1 == suite && $2 == "main" && !found { print $3; found = 1 }')
fi
if [[ -z $mirror ]]; then
  echo "error: this machine's apt has no source for '$suite'; give one with --mirror" >&2
  exit 1
fi
components=main
if [[ $(basename "$(readlink -f "/usr/share/debootstrap/scripts/$suite")") == gutsy ]]; then
  components=main,universe # every Ubuntu release shares this debootstrap script
fi

target=$(mktemp -d -t duhdr-bare-XXXXXX)
# Every mount is made in a name space of its own and ends with the program that needed it, so what is removed here
# never holds one.
clean_up() {
  if [[ $keep == yes ]]; then
    echo "kept: $target"
  else
    rm -rf --one-file-system -- "$target"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

times=()
timed() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name =="
  if ! "$@"; then
    echo "FAILED: $name after $((SECONDS - start)) s" >&2
    exit 1
  fi
  times+=("$(printf '%6d s  %s' $((SECONDS - start)) "$name")")
}
inside() {
  unshare --mount --propagation private --pid --fork --kill-child --mount-proc="$target/proc" \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${proxies[@]}" \
    chroot "$target" bash -c "cd /duhdr && $1"
}

# The way to the mirror is this machine's: proxies, certificates, name servers, apt's Acquire settings.
proxies=()
for name in http_proxy https_proxy no_proxy; do
  if [[ -n ${!name:-} ]]; then proxies+=("$name=${!name}"); fi
done
bootstrap() {
  if ! unshare --mount --propagation private debootstrap --variant=minbase --components="$components" \
    "$suite" "$target" "$mirror" >"$target/debootstrap.log" 2>&1; then
    tail -n 20 "$target/debootstrap.log" >&2
    return 1
  fi
  {
    apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv|Check-)' || true
    echo 'Dpkg::Use-Pty "0";'
  } >"$target/etc/apt/apt.conf.d/90host"
  cp -L /etc/resolv.conf /etc/hosts "$target/etc/" || return 1
  if [[ $mirror == https:* ]]; then
    mkdir -p "$target/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/" || return 1
  fi
}
copy_sources() {
  mkdir "$target/duhdr" || return 1
  # A file that git still lists but that was removed from the folder is left out.
  git ls-files -z --cached "${untracked[@]}" |
    while IFS= read -r -d '' file; do if [[ -e $file ]]; then printf '%s\0' "$file"; fi; done |
    tar --create --null --files-from=- | tar --extract --directory="$target/duhdr" || return 1
  echo "$(find "$target/duhdr" -type f | wc -l) files"
}

echo "$suite from $mirror in $target"
timed "debootstrap" bootstrap
timed "copy the sources" copy_sources
timed "install dependencies" inside "scripts/install-dependencies.sh"
for step in $steps; do
  case $step in
    configure) timed "configure" inside "cmake --preset auto" ;;
    demo) timed "scripts/demo.sh" inside "scripts/demo.sh" ;;
    demo-again) timed "scripts/demo.sh, second call" inside "scripts/demo.sh" ;;
    test) timed "scripts/test.sh" inside "scripts/test.sh" ;;
  esac
done
echo
echo "$suite, $(nproc) processors:"
printf '%s\n' "${times[@]}"
du -sh "$target" | awk '{ print "disk: " $1 }'
