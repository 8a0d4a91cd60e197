#!/bin/sh
# Installs Shoal for the user who runs this: no root, nothing outside of two folders in HOME.
#   sh install.sh [--prefix DIR]     DIR/lib/shoal and DIR/bin/shoal, default ~/.local
#   sh install.sh --uninstall [--prefix DIR]
set -eu
prefix=${HOME:?}/.local
remove=no
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -ge 2 ] || { echo 'error: --prefix needs a folder' >&2; exit 2; }
      prefix=$2
      shift 2
      ;;
    --uninstall) remove=yes; shift ;;
    *) printf 'error: unknown option %s\nhint: sh install.sh [--uninstall] [--prefix DIR]\n' "$1" >&2; exit 2 ;;
  esac
done
program=$prefix/lib/shoal
command=$prefix/bin/shoal

if [ "$remove" = yes ]; then
  rm -rf -- "$program"
  if [ -L "$command" ]; then rm -f -- "$command"; fi
  echo "Removed $program and $command. Settings and shared files are still there; they are yours."
  exit 0
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
"$here/node/node" --version >/dev/null 2>&1 || {
  echo 'error: the Node in this archive does not run on this computer' >&2
  printf 'hint: %s was unpacked; look for the archive of this system (%s %s)\n' "$(cat "$here/VERSION")" "$(uname -s)" "$(uname -m)" >&2
  exit 1
}
mkdir -p -- "$prefix/lib" "$prefix/bin"
# A complete copy first, then one rename: a broken copy never takes the place of a working program.
rm -rf -- "$program.new"
mkdir -- "$program.new"
cp -R -- "$here/app" "$here/node" "$here/VERSION" "$here/shoal" "$program.new/"
rm -rf -- "$program.old"
if [ -d "$program" ]; then mv -- "$program" "$program.old"; fi
mv -- "$program.new" "$program"
rm -rf -- "$program.old"
ln -sf -- "$program/shoal" "$command"
echo "Installed Shoal $(cut -d' ' -f1 "$program/VERSION"): $command"
case :$PATH: in
  *:"$prefix/bin":*) ;;
  *) echo "Add it to your PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
