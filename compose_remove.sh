#!/usr/bin/env bash
# Stop and remove the containers. Data stays in the volumes; --volumes removes it too.
set -euo pipefail
cd "$(dirname "$0")"
read -ra compose <<<"${COMPOSE:-docker compose}"
case "${1:-}" in
    "") "${compose[@]}" --env-file .compose.env down ;;
    --volumes) "${compose[@]}" --env-file .compose.env down --volumes ;;
    *) echo "usage: ./compose_remove.sh [--volumes]" >&2; exit 2 ;;
esac
