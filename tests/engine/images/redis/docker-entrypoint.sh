#!/bin/sh
set -e

case "$1" in
-* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis '{}' +
    exec gosu redis "$0" "$@"
fi

# Data is nobody else's to read unless somebody chose another mask.
if [ "$(umask)" = 0022 ]; then umask 0077; fi

# The official program is built with the protected mode off: other containers are its clients.
if [ "$1" = redis-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
