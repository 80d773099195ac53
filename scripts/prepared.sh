#!/bin/sh
# Wait for the database, migrate it and make the first administrator, then become the command.
# prepared.sh COMMAND [ARGUMENT ...]
# Every container may do this at once: the first takes a lock in the database and does the work, the
# others find it done. With the database away it gives up after two minutes, and the container's
# restart policy tries again.
set -eu
python manage.py prepare --wait 120
exec "$@"
