#!/bin/sh
# Tries the package in a small Debian of its own: where cron starts it, and where systemd does.
# Exits non-zero at the first thing that is not as it should be.
#
#   packaging/debian/test.sh PACKAGE.deb REFERENCE-API      or: make test-package
#
# Needs root (for chroot, namespaces and a cgroup), dpkg-deb, iproute2, procps and util-linux; and
# mmdebstrap with a network the first time, to make the small Debian, which is kept. What is tested
# runs without any network.
#
# SUITE            the release to install into (default: bookworm)
# DEBIAN_CACHE     where the small Debian is kept (default: target/debian)
# ONLY             cron or systemd, to try one of them

set -eu

suite=${SUITE:-bookworm}
packages=adduser,bash-completion,ca-certificates,cron,dbus,logrotate,man-db,systemd,systemd-sysv
cgroup=

fail() {
    printf 'test-package: %s\n' "$1" >&2
    exit 1
}

make_base() {
    [ -e "$base" ] && return
    command -v mmdebstrap >/dev/null || fail 'mmdebstrap is missing: apt-get install mmdebstrap'
    printf '== Making a small Debian (%s), once\n' "$suite"
    mkdir -p "$(dirname "$base")"
    mmdebstrap --quiet --variant=minbase --format=tar \
        --include="$packages" \
        "$suite" "$base.new"
    mv "$base.new" "$base"
}

# A group of processes of its own for a systemd, so that it meets nobody else's.
enter_cgroup() {
    parent=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) ||
        fail 'there is no cgroup2, which systemd needs'
    cgroup=$parent/callspool-test.$$
    mkdir "$cgroup"
}

# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
    status=$?
    trap - EXIT
    if [ -n "$cgroup" ]; then
        find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || :
    fi
    rm -rf --one-file-system -- "$work"
    exit "$status"
}

# Runs a test in namespaces: with them all ends that was started in them, and all that was mounted.
try() {
    root=$work/root
    rm -rf --one-file-system -- "$root" "$work/store" "$work/port"
    mkdir "$root"
    tar -C "$root" --exclude='./dev/*' -xf "$base"
    (
        [ -z "$cgroup" ] || sh -c "echo \$PPID >'$cgroup/cgroup.procs'"
        exec unshare --mount --mount-proc --net --pid --cgroup --fork --kill-child \
            sh "$here/$1" "$package" "$reference_api" "$fixtures" "$work"
    )
}

package=$(realpath "${1:?usage: test.sh PACKAGE.deb REFERENCE-API}")
reference_api=$(realpath "${2:?usage: test.sh PACKAGE.deb REFERENCE-API}")
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
fixtures=$here/../../fixtures/demo/spool
base=${DEBIAN_CACHE:-$here/../../target/debian}/$suite-$(printf '%s' "$packages" | cksum | cut -d ' ' -f 1).tar
[ "$(id -u)" -eq 0 ] || fail 'this test needs root'
make_base
work=$(mktemp -d "${TMPDIR:-/tmp}/callspool-package.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$work"
[ "${ONLY:-}" = systemd ] || try test-cron.sh
if [ "${ONLY:-}" != cron ]; then
    enter_cgroup
    try test-systemd.sh
fi
