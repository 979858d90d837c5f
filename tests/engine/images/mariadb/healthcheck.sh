#!/bin/sh
# The account is in the data directory, readable by its owner alone: this works as that owner or as root.
exec mariadb --defaults-file=/var/lib/mysql/.my-healthcheck.cnf -h 127.0.0.1 -e 'SELECT 1'
