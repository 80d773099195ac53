#!/bin/sh
# Start a command again whenever it dies by itself; SIGTERM and Ctrl-C end both.
# keep.sh COMMAND [ARGUMENT ...]
stop() { trap '' TERM INT; kill -TERM "$child" 2>/dev/null; wait "$child"; exit 0; }
trap stop TERM INT
while :; do
    "$@" &
    child=$!
    wait "$child"
    echo "keep: '$1' ended with status $?; again in 1 s" >&2
    sleep 1 &
    child=$!
    wait "$child"
done
