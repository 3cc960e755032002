#!/bin/sh
# Installs the package in a small Debian of its own, lets cron deliver a call, upgrades, removes and
# purges it, and looks at what is left. Exits non-zero at the first thing that is not as it should be.
#
#   packaging/debian/test.sh PACKAGE.deb REFERENCE-API      or: make test-package
#
# Needs root (for chroot and namespaces), dpkg-deb, iproute2 and util-linux; and mmdebstrap with a
# network the first time, to make the small Debian, which is kept in $CALLSPOOL_DEBIAN (default:
# target/debian/root.tar). The test itself runs in a network namespace without any network.
#
# SUITE   the release to install into (default: bookworm)

set -eu

suite=${SUITE:-bookworm}
session=session_20251029_090100_plain
started=$(date +%s)

say() {
    printf '== %s (%ds)\n' "$1" "$(($(date +%s) - started))"
}

not_so() {
    printf '\ntest-package: not as it should be: %s\n' "$1" >&2
    exit 1
}

# A command inside the small Debian.
inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

expect_there() {
    for path in "$@"; do
        [ -e "$root$path" ] || not_so "$path is missing"
    done
}

expect_gone() {
    for path in "$@"; do
        [ ! -e "$root$path" ] || not_so "$path is still there"
    done
}

# What is in the spool, by content.
fingerprint() {
    (cd "$root/var/spool/callspool" && find . -type f -exec cksum {} + | sort)
}

make_base() {
    [ -e "$base" ] && return
    command -v mmdebstrap >/dev/null || not_so 'mmdebstrap is missing: apt-get install mmdebstrap'
    say "Making a small Debian ($suite), once"
    mkdir -p "$(dirname "$base")"
    mmdebstrap --quiet --variant=minbase \
        --include=adduser,bash-completion,ca-certificates,cron,man-db "$suite" "$base.new"
    mv "$base.new" "$base"
}

# The same package under a higher version, with one more line in its config file.
make_upgrade() {
    dpkg-deb --raw-extract "$package" "$work/upgrade"
    sed -i 's/^Version: .*/&+upgrade/' "$work/upgrade/DEBIAN/control"
    echo '# A line of the new version.' >>"$work/upgrade/etc/callspool/config.toml"
    dpkg-deb --root-owner-group --build "$work/upgrade" "$root/upgrade.deb" >/dev/null
}

install_package() {
    say 'Install'
    cp "$package" "$root/first.deb"
    # As adduser's own documentation directory: minimal images leave man pages out.
    rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
    inside dpkg --install /first.deb >"$work/log" 2>&1 || { cat "$work/log"; not_so 'it cannot be installed'; }
    expect_there /usr/bin/callspool /etc/callspool/config.toml /etc/cron.d/callspool \
        /usr/share/doc/callspool/README.Debian /usr/share/zsh/vendor-completions/_callspool
    [ "$(inside stat -c '%U:%G %a' /var/spool/callspool/call_metadata)" = 'callspool:callspool 2770' ] ||
        not_so 'the spool is not the group callspool'"'"'s'
    inside dpkg --verify callspool | grep . && not_so 'files differ from the package'
    inside man --where callspool callspool-requeue >/dev/null || not_so 'man finds no page'
    # shellcheck disable=SC2016 # for the other shell
    inside bash -c '. /usr/share/bash-completion/bash_completion
        _completion_loader callspool
        complete -p callspool' >/dev/null || not_so 'bash finds no completion'
    systemctl --root="$root" is-enabled callspool.timer 2>/dev/null | grep -qx disabled ||
        not_so 'the timer is not there, or was switched on by itself'
    grep -v '^#' "$root/etc/cron.d/callspool" | grep -q callspool && not_so 'cron was switched on by itself'
    inside su -s /bin/sh callspool -c 'cd && callspool inspect' | grep -q '^pending *0' ||
        not_so 'a new spool is not empty'
}

# Starts the API on a free port, and waits until it has written which.
start_api() {
    echo 'a-token' >"$work/token"
    "$reference_api" --listen 127.0.0.1:0 --port-file "$work/port" --store "$work/store" \
        --token-file "$work/token" >"$work/api.log" 2>&1 &
    tries=0
    until [ -s "$work/port" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || { cat "$work/api.log"; not_so 'the reference API did not start'; }
        sleep 0.1
    done
}

# A call, left by an agent that is another user and a member of the group.
leave_a_call() {
    inside adduser --system --quiet --no-create-home --home /nonexistent agent
    inside adduser --quiet agent callspool
    cp -R "$fixtures" "$root/tmp/fixtures"
    chmod -R a+rX "$root/tmp/fixtures"
    find "$root/tmp/fixtures" -type f -exec touch -d '20 minutes ago' {} +
    inside su -s /bin/sh agent -c "umask 0027
        cp -p --no-preserve=ownership /tmp/fixtures/call_metadata/metadata_$session.json /var/spool/callspool/call_metadata/ &&
        cp -p --no-preserve=ownership /tmp/fixtures/conversations/transcript_$session.json /var/spool/callspool/conversations/ &&
        cp -p --no-preserve=ownership /tmp/fixtures/recordings/* /var/spool/callspool/recordings/ &&
        chmod -R o-rwx /var/spool/callspool/*/*$session* /var/spool/callspool/recordings/*"
}

configure() {
    sed -i -e 's|^#root = .*|root = "/var/spool/callspool"|' \
        -e "s|^#api_url = .*|api_url = \"http://127.0.0.1:$(cat "$work/port")/apis/api/public\"|" \
        -e 's|^#token_file = .*|token_file = "/etc/callspool/token"|' "$root/etc/callspool/config.toml"
    inside install -m 0640 -g callspool /dev/stdin /etc/callspool/token <"$work/token"
    # Switched on as the file says, but every minute.
    sed -i 's|^#\*/5 |*/1 |' "$root/etc/cron.d/callspool"
    grep -q '^\*/1 .* callspool -q run$' "$root/etc/cron.d/callspool" || not_so 'cron cannot be switched on'
}

deliver_by_cron() {
    say 'Deliver a call, started by cron: at the next full minute'
    chroot "$root" env -i /usr/sbin/cron -f -L 15 >"$work/cron.log" 2>&1 &
    cron=$!
    tries=0
    until [ -n "$(find "$root/var/spool/callspool/processed_metadata" -name 'metadata_*.json')" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 900 ] || { cat "$work/cron.log"; inside callspool inspect; not_so 'cron delivered nothing'; }
        sleep 0.1
    done
    "$reference_api" show --store "$work/store" >"$work/received"
    grep -qx '1 recordings' "$work/received" || { cat "$work/received"; not_so 'the recording is not there'; }
    grep -qx '1 calls' "$work/received" || { cat "$work/received"; not_so 'the call is not there'; }
    # The run that cron started is over when it holds its lock no more.
    chroot "$root" flock /var/spool/callspool/call_metadata/.callspool.lock true
    kill "$cron"
    wait "$cron" 2>/dev/null || :
}

upgrade() {
    say 'Upgrade'
    cp "$root/etc/callspool/config.toml" "$work/config"
    cp "$root/etc/cron.d/callspool" "$work/crontab"
    before=$(fingerprint)
    inside dpkg --force-confdef --force-confold --install /upgrade.deb >"$work/log" 2>&1 ||
        { cat "$work/log"; not_so 'it cannot be upgraded'; }
    # shellcheck disable=SC2016 # dpkg's variable
    inside dpkg-query --show --showformat '${Version}' callspool | grep -q '+upgrade$' || not_so 'it was not upgraded'
    cmp "$work/config" "$root/etc/callspool/config.toml" || not_so 'the upgrade changed the settings'
    cmp "$work/crontab" "$root/etc/cron.d/callspool" || not_so 'the upgrade changed the crontab'
    expect_there /etc/callspool/config.toml.dpkg-dist
    [ "$(fingerprint)" = "$before" ] || not_so 'the upgrade changed the spool'
    inside su -s /bin/sh callspool -c 'callspool -q run' || not_so 'it does not run after the upgrade'
}

remove_and_purge() {
    say 'Remove and purge'
    before=$(fingerprint)
    inside dpkg --remove callspool >/dev/null
    expect_gone /usr/bin/callspool
    expect_there /etc/callspool/config.toml /etc/cron.d/callspool /etc/callspool/token
    # The crontab's line, as cron would start it now that there is no program.
    line=$(sed -n 's|^\*/1 [* ]*callspool  *||p' "$root/etc/cron.d/callspool")
    output=$(inside su -s /bin/sh callspool -c "$line" 2>&1) || not_so 'the crontab of a removed package fails'
    [ -z "$output" ] || not_so "the crontab of a removed package sends mail: $output"
    inside dpkg --purge callspool >"$work/log" 2>&1 || { cat "$work/log"; not_so 'it cannot be purged'; }
    expect_gone /etc/callspool /etc/cron.d/callspool
    [ "$(fingerprint)" = "$before" ] || not_so 'the purge changed the spool'
    [ -n "$before" ] || not_so 'there was nothing in the spool to keep'
    inside id callspool >/dev/null || not_so 'the user is gone whose files are in the spool'
}

# A package that was never used leaves no directory behind.
purge_unused() {
    rm -rf "$root/var/spool/callspool"
    inside dpkg --install /first.deb >/dev/null 2>&1
    expect_there /var/spool/callspool/leads
    inside dpkg --purge callspool >/dev/null 2>&1
    expect_gone /var/spool/callspool /etc/callspool
}

test_package() {
    ip link set lo up
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    install_package
    start_api
    leave_a_call
    configure
    deliver_by_cron
    upgrade
    remove_and_purge
    purge_unused
    say 'All as it should be'
}

if [ "${1:-}" = --in-namespaces ]; then
    shift
    package=$1 reference_api=$2 fixtures=$3 work=$4 root=$4/root
    test_package
    exit
fi

package=$(realpath "${1:?usage: test.sh PACKAGE.deb REFERENCE-API}")
reference_api=$(realpath "${2:?usage: test.sh PACKAGE.deb REFERENCE-API}")
repository=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
base=${CALLSPOOL_DEBIAN:-$repository/target/debian/root-$suite.tar}
[ "$(id -u)" -eq 0 ] || not_so 'this test needs root'
make_base
work=$(mktemp -d "${TMPDIR:-/tmp}/callspool-package.XXXXXX")
trap 'rm -rf --one-file-system -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$work"
root=$work/root
mkdir "$root"
say 'Unpack'
tar -C "$root" --exclude='./dev/*' -xf "$base"
make_upgrade
# With the namespaces all that was started in them ends, and all that was mounted.
unshare --mount --net --pid --fork --kill-child \
    sh "$0" --in-namespaces "$package" "$reference_api" "$repository/fixtures/demo/spool" "$work"
