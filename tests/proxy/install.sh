#!/bin/sh
# Prints the path of an nginx that starts: the system's, or one unpacked from the system's packages
# below DIR, for which nobody has to be root. Fails, and says what to do, when there is none.
#
# Usage: install.sh DIR

set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
dir=${1:?usage: install.sh DIR}
unpacked=$dir/nginx

# The tests need these modules, which not every build has.
usable() {
    [ -x "$1" ] && modules=$("$1" -V 2>&1) || return
    case $modules in *--with-http_ssl_module*) ;; *) return 1 ;; esac
    case $modules in *--with-http_sub_module*) ;; *) return 1 ;; esac
}

if path=$(command -v nginx) && usable "$path"; then
    printf '%s\n' "$path"
    exit
fi
if usable "$unpacked/usr/sbin/nginx"; then
    printf '%s\n' "$unpacked/usr/sbin/nginx"
    exit
fi

give_up() {
    printf 'no nginx for the tests with a reverse proxy: %s\n' "$1" >&2
    printf 'install it, as with "apt-get install nginx-light", and run the tests again\n' >&2
    exit 1
}

for tool in apt-get dpkg; do
    command -v "$tool" >/dev/null || give_up "there is none in PATH, and no $tool to fetch it with"
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
unpacked=$dir/nginx
work=$(mktemp -d "$dir/nginx-download.XXXXXX")
trap 'rm -rf "$work"' EXIT
# apt drops root's rights for a download, and complains where it then may not write.
chmod 0777 "$work"

# The package that holds the program has one of these names, as the release has it.
fetch() {
    for package in nginx nginx-light nginx-core; do
        rm -rf "$work/root"
        (cd "$work" && rm -f ./*.deb && apt-get "$@" download "$package") >"$work/log" 2>&1 ||
            continue
        dpkg -x "$work"/*.deb "$work/root"
        [ -x "$work/root/usr/sbin/nginx" ] && return
    done
    return 1
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
usable "$work/root/usr/sbin/nginx" || {
    "$work/root/usr/sbin/nginx" -V 2>&1 | head -n 3 >&2 || :
    give_up 'the one from the packages does not start, a library it needs may be missing'
}
# Of several that come to this point at once, the first one stays.
usable "$unpacked/usr/sbin/nginx" || {
    rm -rf "$unpacked"
    mv -T "$work/root" "$unpacked" 2>/dev/null || usable "$unpacked/usr/sbin/nginx"
}
printf '%s\n' "$unpacked/usr/sbin/nginx"
