#!/bin/sh
# Prints the path of axe-core's script, which is fetched from the npm registry into DIR once. It is
# under the Mozilla Public License 2.0 and not kept in this repository.
#
# Usage: axe.sh DIR

set -eu
version=4.14.1
dir=${1:?usage: axe.sh DIR}
script=$dir/axe-core-$version.min.js
if [ ! -s "$script" ]; then
    command -v npm >/dev/null || {
        printf 'no npm to fetch axe-core %s with: install it, as with "apt-get install npm"\n' "$version" >&2
        exit 1
    }
    mkdir -p "$dir"
    work=$(mktemp -d "$dir/axe-core.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent "axe-core@$version" >/dev/null && tar -xzf "axe-core-$version.tgz")
    mv "$work/package/axe.min.js" "$script"
fi
printf '%s\n' "$script"
