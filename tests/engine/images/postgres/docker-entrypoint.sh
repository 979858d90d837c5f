#!/bin/bash
set -e

if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

# Permissions are a courtesy to whoever owns the directory: without the right to change them, go on.
mkdir -p "$PGDATA"
chmod 0700 "$PGDATA" || :
mkdir -p /var/run/postgresql || :
chmod 3775 /var/run/postgresql || :

# The log of a new database may lie elsewhere. Whoever cannot close that directory goes no further.
wal=${POSTGRES_INITDB_WALDIR:-}
if [ -n "$wal" ]; then
    mkdir -p "$wal"
    if [ "$(id -u)" = 0 ]; then find "$wal" ! -user postgres -exec chown postgres '{}' +; fi
    chmod 0700 "$wal"
fi

if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
    find /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
    exec gosu postgres "$0" "$@"
fi

if [ -s "$PGDATA/PG_VERSION" ]; then exec "$@"; fi

if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD must be set for a new database." >&2
    exit 1
fi
superuser=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$superuser}

initdb --username="$superuser" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    ${wal:+--waldir="$wal"} ${POSTGRES_INITDB_ARGS:-}
echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"

# The scripts of a new database talk to a server that nobody else can reach.
pg_ctl -w start -o "-c listen_addresses=''"
query() { psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$superuser" "$@"; }
if [ "$database" != postgres ]; then
    query --dbname postgres -v name="$database" <<<'CREATE DATABASE :"name";'
fi
for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
    *.sh) . "$script" ;;
    *.sql) query --dbname "$database" -f "$script" ;;
    esac
done
pg_ctl -m fast -w stop

exec "$@"
