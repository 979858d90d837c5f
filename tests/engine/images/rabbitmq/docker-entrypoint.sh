#!/bin/bash
set -eu

if [[ "$1" == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
    if [ "$1" = rabbitmq-server ]; then
        find "$RABBITMQ_DATA_DIR" ! -user rabbitmq -exec chown rabbitmq '{}' +
    fi
    exec gosu rabbitmq "$0" "$@"
fi

if [ "$(hostname)" != "$(hostname -s)" ]; then export RABBITMQ_USE_LONGNAME=true; fi

cookie=$RABBITMQ_DATA_DIR/.erlang.cookie
if [ -n "${RABBITMQ_ERLANG_COOKIE:-}" ] && [ ! -e "$cookie" ]; then
    (umask 177 && printf '%s' "$RABBITMQ_ERLANG_COOKIE" >"$cookie")
fi

exec "$@"
