#!/usr/bin/env bash
# Build the image and start everything; the API then listens on PLAZA_PORT (9050).
#   ./compose_build.sh [ARGUMENTS OF "compose up", for example --scale api=3]
# COMPOSE names another engine: COMPOSE="podman-compose" ./compose_build.sh
set -euo pipefail
cd "$(dirname "$0")"
read -ra compose <<<"${COMPOSE:-docker compose}"

if [ ! -f .compose.env ]; then
    python3 scripts/dotenv.py .compose.env-example .compose.env
    echo "compose_build: wrote .compose.env with secrets of its own; the administrator's password is in it"
fi
if grep -qE '^[A-Z_]+=(.*:)?GENERATE(_KEY)?$' .compose.env; then
    echo "compose_build: .compose.env still says GENERATE. Replace it, or delete the file and run this again." >&2
    exit 1
fi
"${compose[@]}" --env-file .compose.env build
"${compose[@]}" --env-file .compose.env up --detach "$@"

port=$(sed -n 's/^PLAZA_PORT=//p' .compose.env)
url="http://localhost:${port:-9050}/health/ready"
for _ in $(seq 1 90); do
    if curl -fsS --max-time 3 "$url" 2>/dev/null; then
        echo
        echo "compose_build: ready at http://localhost:${port:-9050} (API description at /docs, admin at /admin)"
        exit 0
    fi
    sleep 1
done
echo "compose_build: $url is not ready after 90 s. See: ${compose[*]} --env-file .compose.env logs" >&2
exit 1
