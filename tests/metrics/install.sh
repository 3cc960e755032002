#!/bin/sh
# Prints the path of a promtool that starts: the system's, or one unpacked from the system's package
# of Prometheus below DIR, for which nobody has to be root. Fails, and says what to do, when there is
# none.
#
# Usage: install.sh DIR

set -eu
dir=${1:?usage: install.sh DIR}
unpacked=$dir/promtool

usable() {
    [ -x "$1" ] && "$1" --version >/dev/null 2>&1
}

if path=$(command -v promtool) && usable "$path"; then
    printf '%s\n' "$path"
    exit
fi
if usable "$unpacked/promtool"; then
    printf '%s\n' "$unpacked/promtool"
    exit
fi

give_up() {
    printf 'no promtool for the tests of metrics and alert rules: %s\n' "$1" >&2
    printf 'install it, as with "apt-get install --no-install-recommends prometheus", and run the tests again\n' >&2
    exit 1
}

for tool in apt-get dpkg; do
    command -v "$tool" >/dev/null || give_up "there is none in PATH, and no $tool to fetch it with"
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
unpacked=$dir/promtool
work=$(mktemp -d "$dir/promtool-download.XXXXXX")
trap 'rm -rf "$work"' EXIT
# apt drops root's rights for a download, and complains where it then may not write.
chmod 0777 "$work"

fetch() {
    (cd "$work" && rm -f ./*.deb && apt-get "$@" download prometheus) >"$work/log" 2>&1 || return
    dpkg -x "$work"/*.deb "$work/root"
    [ -x "$work/root/usr/bin/promtool" ]
}

# A list of packages of our own, where the system's is missing or out of date.
refresh() {
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    apt-get -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" update \
        >"$work/log" 2>&1
}

if ! fetch; then
    { refresh && fetch -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache"; } || {
        tail -n 3 "$work/log" >&2
        give_up 'the package could not be fetched'
    }
fi
usable "$work/root/usr/bin/promtool" || give_up 'the one from the package does not start'
# Of several that come to this point at once, the first one stays; the program alone is needed.
usable "$unpacked/promtool" || {
    rm -rf "$unpacked"
    mkdir "$work/keep" && mv "$work/root/usr/bin/promtool" "$work/keep/promtool"
    mv -T "$work/keep" "$unpacked" 2>/dev/null || usable "$unpacked/promtool"
}
printf '%s\n' "$unpacked/promtool"
