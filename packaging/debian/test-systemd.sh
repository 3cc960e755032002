#!/bin/sh
# Where systemd starts it: a systemd of its own is booted, its timer delivers a call, and exit codes,
# stopping and the walls around the service are what the unit says. See test.sh.

set -eu

# Becomes systemd, as process 1 of the small Debian.
if [ "${5:-}" = boot ]; then
    root=$4/root
    mount --make-rprivate /
    mount --rbind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mkdir -p outside
    pivot_root . outside
    umount -l /outside
    # In a container systemd leaves this to whoever made it; credentials need it.
    mount --make-rshared /
    exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
fi

# shellcheck source=packaging/debian/stage.sh
. "$(dirname -- "$0")/stage.sh"

plain=session_20251029_090100_plain
raw=session_20251029_091200_raw
livekit=session_20251029_092300_livekit
unrecorded=session_20251029_094500_unrecorded
torn=session_20251029_101800_torn

# systemctl of that systemd.
ctl() {
    nsenter --target "$init" --mount --pid --uts --ipc --cgroup --root --wd=/ /bin/systemctl --no-pager "$@"
}

# The exit code of the last run.
last_code() {
    ctl show --property ExecMainStatus --value callspool.service
}

expect_code() {
    [ "$(last_code)" = "$1" ] || {
        ctl status callspool.service || :
        not_so "the last run ended with $(last_code) instead of $1"
    }
}

is_idle() {
    [ "$(ctl show --property ActiveState --value callspool.service)" = inactive ]
}

is_filed() {
    [ -n "$(find "$root$1/processed_metadata" -name "metadata_$2*.json" 2>/dev/null)" ]
}

is_at_work() {
    [ -s "$root$spool/call_metadata/.callspool.lock" ]
}

drop_in() {
    mkdir -p "$root/etc/systemd/system/$1.d"
    printf '%s\n' "$2" >"$root/etc/systemd/system/$1.d/test.conf"
}

install_package() {
    say 'Install, and boot systemd'
    cp "$package" "$root/first.deb"
    dpkg_install /first.deb
    start_api "call-data@$raw:1:status=500" "call-data@$livekit:1:stall"
    add_agent
    configure
    leave_a_call "$plain" "$spool"
    inside systemctl enable callspool.timer 2>/dev/null
    drop_in callspool.timer '[Timer]
OnCalendar=
OnCalendar=*:*:0/5
RandomizedDelaySec=0
AccuracySec=100ms'
}

start_systemd() {
    unshare --mount --pid --uts --ipc --cgroup --fork --kill-child \
        sh "$0" "$package" "$reference_api" "$fixtures" "$work" boot >"$work/boot.log" 2>&1 &
    unshare=$!
    wait_until pgrep -P "$unshare" -x systemd || {
        cat "$work/boot.log"
        not_so 'systemd does not start here; it needs a cgroup2 that may be written'
    }
    init=$(pgrep -P "$unshare" -x systemd)
    wait_until ctl list-timers || not_so 'systemd does not answer'
}

deliver_by_timer() {
    say 'Deliver a call, started by the timer; the token is a credential'
    wait_until is_filed "$spool" "$plain" || {
        ctl status callspool.timer callspool.service || :
        not_so 'the timer delivered nothing'
    }
    ctl stop callspool.timer
    wait_until is_idle
    expect_code 0
    expect_received 1 1
}

what_passes_is_no_failure() {
    say 'A session that will be tried again is no failure'
    leave_a_call "$raw" "$spool"
    ctl start callspool.service || not_so 'exit code 3 counts as a failure'
    expect_code 3
}

stopping_is_no_failure() {
    say 'A run that is stopped is no failure'
    leave_a_call "$livekit" "$spool"
    ctl start --no-block callspool.service
    wait_until is_at_work || not_so 'no run started'
    ctl stop callspool.service
    expect_code 143
    is_idle || not_so 'a run that was stopped counts as failed'
}

what_needs_a_person_is_a_failure() {
    say 'What needs a person is a failure'
    leave_a_call "$torn" "$spool"
    if ctl start callspool.service 2>/dev/null; then not_so 'exit code 4 counts as a success'; fi
    expect_code 4
    ctl is-failed --quiet callspool.service || not_so 'the unit has not failed'
}

another_spool_needs_a_drop_in() {
    say 'A spool elsewhere is out of reach, until a drop-in names it'
    inside cp -a "$spool" /srv/agent
    find "$root/srv/agent" -type f -delete
    leave_a_call "$unrecorded" /srv/agent
    sed -i 's|^root = .*|root = "/srv/agent"|' "$root/etc/callspool/config.toml"
    if ctl start callspool.service 2>/dev/null; then not_so 'the service may write anywhere'; fi
    expect_code 20
    drop_in callspool.service '[Service]
ReadWritePaths=/srv/agent'
    ctl daemon-reload
    ctl start callspool.service || not_so 'the drop-in of README.Debian is not enough'
    is_filed /srv/agent "$unrecorded" || not_so 'the other spool was not delivered'
}

install_package
start_systemd
deliver_by_timer
what_passes_is_no_failure
stopping_is_no_failure
what_needs_a_person_is_a_failure
another_spool_needs_a_drop_in
say 'With systemd all is as it should be'
