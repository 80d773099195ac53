#!/bin/sh
# Start nginx in a container and keep its list of API nodes right.
#
# API_HOST resolves to one address per API container. nginx (before 1.27.3) looks a name up once, so
# this looks it up every POLL_SECONDS and reloads nginx when the addresses have changed: after
# `docker compose up --scale api=3`, a restart or a crash, without dropping a connection.
set -eu
trap 'exit 0' TERM INT QUIT  # until nginx is there to be told

here=$(dirname "$0")
: "${API_HOST:=api}" "${API_PORT:=8000}" "${POLL_SECONDS:=2}"
: "${LISTEN:=8080}" "${RUN_DIR:=/tmp/nginx}"
: "${ACCESS_LOG:=/dev/stdout}" "${ERROR_LOG:=stderr}"
: "${MAX_UPLOAD_BYTES:=33554432}" "${LOGIN_RATE:=10r/s}" "${LOGIN_BURST:=40}" "${READ_TIMEOUT:=6s}"
: "${FAILOVER:=error timeout}" "${FAILOVER_KEYED:=error timeout non_idempotent}"
: "${NGINX_TRUSTED_PROXIES:=}" "${CORS_ALLOWED_ORIGINS:=}"
export LISTEN RUN_DIR ACCESS_LOG ERROR_LOG MAX_UPLOAD_BYTES LOGIN_RATE LOGIN_BURST READ_TIMEOUT FAILOVER FAILOVER_KEYED
names='${LISTEN} ${RUN_DIR} ${ACCESS_LOG} ${ERROR_LOG} ${MAX_UPLOAD_BYTES} ${LOGIN_RATE} ${LOGIN_BURST} ${READ_TIMEOUT} ${FAILOVER} ${FAILOVER_KEYED}'

nodes() {
    addresses=$(getent ahosts "$API_HOST" 2>/dev/null | awk '$2 == "STREAM" || NF == 1 {print $1}' | sort -u)
    if [ -z "$addresses" ]; then
        echo "server 127.0.0.1:1 down;"  # none yet: 502 problem documents until there is one
        return
    fi
    for address in $addresses; do
        case $address in *:*) address="[$address]" ;; esac
        echo "server $address:$API_PORT max_fails=0;"
    done
}

trusted() {
    echo 'geo $realip_remote_addr $plaza_trusted {'
    echo '    default 0;'
    for proxy in $(echo "$NGINX_TRUSTED_PROXIES" | tr ',' ' '); do echo "    $proxy 1;"; done
    echo '}'
    for proxy in $(echo "$NGINX_TRUSTED_PROXIES" | tr ',' ' '); do echo "set_real_ip_from $proxy;"; done
}

# Origins go into nginx's configuration, so nothing that would end a quoted text may be in one.
origins() {
    echo 'map $http_origin $plaza_known_origin {'
    echo '    default "";'
    for origin in $(echo "$CORS_ALLOWED_ORIGINS" | tr ',' ' '); do
        case $origin in
        *[!][A-Za-z0-9.:/_-]*) echo "start.sh: CORS_ALLOWED_ORIGINS has '$origin', no origin" >&2; return 1 ;;
        esac
        echo "    \"$origin\" \$http_origin;"
    done
    echo '}'
    echo 'map $host $plaza_any_origin {'
    echo "    default \"${CORS_ALLOWED_ORIGINS:+*}\";"
    echo '}'
}

mkdir -p "$RUN_DIR"
envsubst "$names" <"$here/nginx.conf.template" >"$RUN_DIR/nginx.conf"
trusted >"$RUN_DIR/real_ip.conf"
origins >"$RUN_DIR/cors.conf"
nodes >"$RUN_DIR/upstream.conf" &
wait $!  # a name server that is away must not keep a signal waiting
nginx -t -q -c "$RUN_DIR/nginx.conf"

nginx -c "$RUN_DIR/nginx.conf" -g 'daemon off;' &
nginx=$!
stop() { trap '' TERM INT QUIT; kill -QUIT "$nginx" 2>/dev/null || true; wait "$nginx" || exit "$?"; exit 0; }
trap stop TERM INT QUIT

while kill -0 "$nginx" 2>/dev/null; do
    { sleep "$POLL_SECONDS"; nodes >"$RUN_DIR/upstream.new"; } &
    wait $!  # in the background: a signal ends the wait, not what is waited for
    # Nobody answers for the name: keep the last list, whose nodes may only be restarting.
    if ! grep -q ' down;' "$RUN_DIR/upstream.new" && ! cmp -s "$RUN_DIR/upstream.new" "$RUN_DIR/upstream.conf"; then
        mv "$RUN_DIR/upstream.new" "$RUN_DIR/upstream.conf"
        echo "start.sh: the API's nodes are now: $(tr '\n' ' ' <"$RUN_DIR/upstream.conf")" >&2
        kill -HUP "$nginx" 2>/dev/null || true
    fi
done
wait "$nginx"
