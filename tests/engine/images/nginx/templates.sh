#!/bin/sh
# Each /etc/nginx/templates/NAME.template becomes /etc/nginx/conf.d/NAME, with the variables of the
# environment, and no others, filled in: $host and its like belong to nginx.
set -e
templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}

if [ ! -d "$templates" ]; then exit 0; fi
if [ ! -w "$output" ]; then
    echo "$0: $templates exists, but $output cannot be written" >&2
    exit 0
fi

names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p')
find "$templates" -follow -type f -name '*.template' | while read -r template; do
    name=${template#"$templates"/}
    mkdir -p "$output/$(dirname "$name")"
    envsubst "$names" <"$template" >"$output/${name%.template}"
done
