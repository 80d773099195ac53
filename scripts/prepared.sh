#!/bin/sh
# Wait for the database, migrate it and make the first administrator, then run the command.
# prepared.sh COMMAND [ARGUMENT ...]
# Every container may do this at once: the first takes a lock in the database and does the work, the
# others find it done. With the database away it gives up after two minutes, and the container's
# restart policy tries again.
#
# The kernel drops a SIGTERM for process 1 of a container unless that process has asked for it, and
# Python asks seconds after its start. So process 1 stays this shell, which hands the signal on.
set -eu
stop() { trap '' TERM INT; kill -TERM "$!" 2>/dev/null || true; wait "$!" || exit "$?"; exit 0; }
trap stop TERM INT
python manage.py prepare --wait 120 &
wait "$!"
"$@" &
wait "$!"
