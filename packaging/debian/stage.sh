# shellcheck shell=sh
# What the tests of the package share. They are started by test.sh in namespaces of their own, with
#   PACKAGE REFERENCE-API FIXTURES WORK
# and a small Debian is unpacked in WORK/root.

# shellcheck disable=SC2034 # some are for the tests alone
package=$1 reference_api=$2 fixtures=$3 work=$4 root=$4/root
spool=/var/spool/callspool
started=$(date +%s)

ip link set lo up
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

say() {
    printf '== %s (%ds)\n' "$1" "$(($(date +%s) - started))"
}

not_so() {
    printf '\ntest-package: not as it should be: %s\n' "$1" >&2
    exit 1
}

# Tries a command every tenth of a second until it succeeds, up to ninety seconds.
wait_until() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -le 900 ] || return 1
        sleep 0.1
    done
}

# A command in the small Debian.
inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

# A line for the shell, as a user of the small Debian.
as() {
    inside su -s /bin/sh "$1" -c "$2"
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

# So many recordings and calls have arrived.
expect_received() {
    "$reference_api" show --store "$work/store" >"$work/received"
    if ! grep -qx "$1 recordings" "$work/received" || ! grep -qx "$2 calls" "$work/received"; then
        cat "$work/received"
        not_so "the API has not $1 recordings and $2 calls"
    fi
}

dpkg_install() {
    inside dpkg --force-confdef --force-confold --install "$1" >"$work/log" 2>&1 || {
        cat "$work/log"
        not_so "$1 cannot be installed"
    }
}

# Starts the API on a free port, and waits until it has written which. Arguments are its faults.
start_api() {
    echo 'a-token' >"$work/token"
    for fault in "$@"; do
        shift
        set -- "$@" --fault "$fault"
    done
    "$reference_api" --listen 127.0.0.1:0 --port-file "$work/port" --store "$work/store" \
        --token-file "$work/token" "$@" >"$work/api.log" 2>&1 &
    wait_until test -s "$work/port" || {
        cat "$work/api.log"
        not_so 'the reference API did not start'
    }
}

# An agent that is another user and a member of the group.
add_agent() {
    inside adduser --system --quiet --no-create-home --home /nonexistent agent
    inside adduser --quiet agent callspool
    cp -R "$fixtures" "$root/srv/fixtures"
    chmod -R a+rX "$root/srv/fixtures"
    find "$root/srv/fixtures" -type f -exec touch -d '20 minutes ago' {} +
}

# A call that the agent leaves in a spool, for the group to read and for nobody else.
leave_a_call() {
    as agent "umask 0027 && cd /srv/fixtures && cp --parents --preserve=timestamps \
        call_metadata/metadata_$1.json conversations/transcript_$1.json recordings/* '$2' &&
        chmod 0640 '$2'/*/*_$1.json '$2'/recordings/*"
}

# The settings that are needed, and the token.
configure() {
    sed -i -e "s|^#root = .*|root = \"$spool\"|" \
        -e "s|^#api_url = .*|api_url = \"http://127.0.0.1:$(cat "$work/port")/apis/api/public\"|" \
        "$root/etc/callspool/config.toml"
    inside install -m 0640 -g callspool /dev/stdin /etc/callspool/token <"$work/token"
}
