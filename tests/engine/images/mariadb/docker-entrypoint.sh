#!/bin/bash
set -eo pipefail

if [ "${1#-}" != "$1" ]; then set -- mariadbd "$@"; fi
case "$1" in
mariadbd | mysqld) ;;
*) exec "$@" ;;
esac

data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data"
    find "$data" ! -user mysql -exec chown mysql: '{}' +
    find "$(dirname "$socket")" -maxdepth 0 ! -user mysql -exec chown mysql: '{}' +
    exec gosu mysql "$0" "$@"
fi

if [ -d "$data/mysql" ]; then exec "$@"; fi

if [ -n "${MARIADB_ROOT_PASSWORD_FILE:-}" ]; then MARIADB_ROOT_PASSWORD=$(cat "$MARIADB_ROOT_PASSWORD_FILE"); fi
password=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
if [ -z "$password" ]; then
    echo "MARIADB_ROOT_PASSWORD must be set for a new database." >&2
    exit 1
fi
database=${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}
user=${MARIADB_USER:-${MYSQL_USER:-}}
user_password=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}

mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal --skip-test-db

# The statements for a new database go to a server that nobody else can reach.
"$@" --skip-networking --socket="$socket" &
server=$!
client() { mariadb --socket="$socket" -uroot "$@"; }
for _ in $(seq 60); do
    if client -e 'SELECT 1' >/dev/null 2>&1; then break; fi
    sleep 0.5
done

health=$(tr -dc a-z0-9 </dev/urandom | head -c 32 || :)
{
    echo "CREATE USER 'healthcheck'@'127.0.0.1' IDENTIFIED BY '$health';"
    echo "CREATE USER 'healthcheck'@'localhost' IDENTIFIED BY '$health';"
    if [ -n "$database" ]; then echo "CREATE DATABASE \`$database\`;"; fi
    if [ -n "$user" ]; then
        echo "CREATE USER '$user'@'%' IDENTIFIED BY '$user_password';"
        if [ -n "$database" ]; then echo "GRANT ALL ON \`$database\`.* TO '$user'@'%';"; fi
    fi
    echo "CREATE USER 'root'@'%' IDENTIFIED BY '$password';"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$password';"
} | client
(
    umask 077
    printf '[mariadb-client]\nuser=healthcheck\npassword=%s\nprotocol=tcp\n' "$health" >"$data/.my-healthcheck.cnf"
)
for script in /docker-entrypoint-initdb.d/*.sql; do
    if [ -f "$script" ]; then client -p"$password" "$database" <"$script"; fi
done

kill "$server"
wait "$server"
exec "$@"
