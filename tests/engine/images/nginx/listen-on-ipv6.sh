#!/bin/sh
# A file system that cannot be written is no reason to stop: the server then listens on IPv4 alone.
conf=/etc/nginx/conf.d/default.conf

if [ ! -f /proc/net/if_inet6 ] || [ ! -f "$conf" ]; then exit 0; fi
if ! touch "$conf" 2>/dev/null; then
    echo "$0: cannot modify $conf" >&2
    exit 0
fi
grep -q 'listen \[::\]:80' "$conf" || sed -i 's/listen 80;/listen 80;\n    listen [::]:80;/' "$conf"
