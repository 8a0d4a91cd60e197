#!/bin/sh
# Tries the packages of linux-x64 where nothing of ours is: a root made by debootstrap, without Node and compiler.
#   packaging/try-in-bare-root.sh [DIR]      needs root, debootstrap, and what `npm run package -- linux-x64` built
# The archive: install without root, share and download between two peers. The Debian package: install, the same, purge.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
bare=${1:-$(mktemp -d)}
[ -d "$bare/usr" ] || debootstrap --variant=minbase bookworm "$bare" >/dev/null
archive=$(ls "$here"/packages/shoal-*-linux-x64.tar.gz)
debian=$(ls "$here"/packages/shoal_*_amd64.deb)
rm -rf "$bare/try"
mkdir -p "$bare/try"
cp "$archive" "$bare/try/shoal.tar.gz"
cp "$debian" "$bare/try/shoal.deb"
mountpoint -q "$bare/proc" || mount -t proc proc "$bare/proc"
mountpoint -q "$bare/dev" || mount --bind /dev "$bare/dev"
trap 'umount -l "$bare/dev" "$bare/proc"' EXIT

cat >"$bare/try/exchange.sh" <<'TRY'
set -eu
# A tracker, a peer that shares a file, and one that fetches it: the same bytes must arrive.
PATH=/root/.local/bin:$PATH
export SHOAL_DISCOVERY=off
cd "$(mktemp -d)"
mkdir one
dd if=/dev/urandom of=one/film.bin bs=1M count=5 2>/dev/null
shoal --version
shoal tracker --host 127.0.0.1 --port 6999 >tracker.log 2>&1 &
tracker=$!
shoal peer 9991 --no-console --tracker 127.0.0.1:6999 --share one >one.log 2>&1 &
peer=$!
trap 'kill $tracker $peer 2>/dev/null || true; wait' EXIT
tries=0
until HOME=$PWD/two shoal get film.bin --tracker 127.0.0.1:6999 -o got.bin >get.log 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || { cat tracker.log one.log get.log; exit 1; }
  sleep 1
done
cmp one/film.bin got.bin
echo 'the file came over whole'
TRY

echo '== archive, for one user'
chroot "$bare" sh -eu -c '
  cd /try && tar xzf shoal.tar.gz && sh shoal-*/install.sh
  sh /try/exchange.sh
  sh shoal-*/install.sh --uninstall
  test ! -e /root/.local/bin/shoal && test ! -e /root/.local/lib/shoal'
echo '== Debian package'
chroot "$bare" sh -eu -c '
  apt-get install -y /try/shoal.deb >/dev/null 2>&1 || dpkg -i /try/shoal.deb
  ls /usr/share/man/man1/shoal.1.gz /lib/systemd/system/shoal-tracker.service >/dev/null 2>&1 || echo "(manual pages are excluded in this root)"
  sh /try/exchange.sh
  dpkg --purge shoal >/dev/null
  found=$(find / -xdev -path /proc -prune -o -path /try -prune -o -iname "*shoal*" -not -path "/root/*" -not -path "/tmp/*" -print)
  test -z "$found" || { echo "left behind: $found"; exit 1; }'
echo 'everything is gone again'
