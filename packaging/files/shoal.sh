#!/bin/sh
# Starts Shoal with the Node that lies beside it, wherever a link to this file is.
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
here=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd)
exec "$here/node/node" "$here/app/shoal.js" "$@"
