#!/bin/sh
# Where cron starts it: install, deliver at a tick of cron, upgrade, remove, purge. See test.sh.

set -eu
# shellcheck source=packaging/debian/stage.sh
. "$(dirname -- "$0")/stage.sh"

# What is in the spool, by content.
fingerprint() {
    (cd "$root$spool" && find . -type f -exec cksum {} + | sort)
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
    # Small images leave documentation out; here it is looked at.
    rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
    dpkg_install /first.deb
    expect_there /usr/bin/callspool /etc/callspool/config.toml /etc/cron.d/callspool \
        /usr/share/doc/callspool/README.Debian /usr/share/doc/callspool/docs/operations.md \
        /usr/share/doc/callspool/prometheus/callspool.rules.yml /usr/share/zsh/vendor-completions/_callspool
    [ "$(inside stat -c '%U:%G %a' "$spool/call_metadata")" = 'callspool:callspool 2770' ] ||
        not_so "the spool is not the group's"
    inside dpkg --verify callspool | grep . && not_so 'files differ from the package'
    inside man --where callspool callspool-requeue >/dev/null || not_so 'man finds no page'
    # shellcheck disable=SC2016 # for the other shell
    inside bash -c '. /usr/share/bash-completion/bash_completion
        _completion_loader callspool
        complete -p callspool' >/dev/null || not_so 'bash finds no completion'
    inside systemctl is-enabled callspool.timer 2>/dev/null | grep -qx disabled ||
        not_so 'the timer is not there, or was switched on by itself'
    grep -v '^#' "$root/etc/cron.d/callspool" | grep -q callspool &&
        not_so 'cron was switched on by itself'
    as callspool 'cd && callspool inspect' | grep -q '^pending *0' || not_so 'a new spool is not empty'
}

# As the file says, but every minute.
switch_cron_on() {
    sed -i 's|^#token_file = .*|token_file = "/etc/callspool/token"|' "$root/etc/callspool/config.toml"
    sed -i 's|^#\*/5 |*/1 |' "$root/etc/cron.d/callspool"
    grep -q '^\*/1 .* callspool -q run$' "$root/etc/cron.d/callspool" ||
        not_so 'cron cannot be switched on'
}

deliver_by_cron() {
    say 'Deliver a call, started by cron at the next full minute'
    chroot "$root" env -i /usr/sbin/cron -f -L 15 >"$work/cron.log" 2>&1 &
    cron=$!
    wait_until sh -c "ls '$root$spool'/processed_metadata/metadata_*.json" || {
        cat "$work/cron.log"
        as callspool 'callspool inspect'
        not_so 'cron delivered nothing'
    }
    expect_received 1 1
    # The run that cron started is over when it holds its lock no more.
    inside flock "$spool/call_metadata/.callspool.lock" true
    kill "$cron"
    wait "$cron" 2>/dev/null || :
}

# A log that a crontab writes, rotated as the system's own timer would.
rotate_logs() {
    say 'Rotate logs'
    as callspool 'callspool run --format json >>/var/log/callspool/runs.jsonl' || not_so 'it does not run'
    inside logrotate --force /etc/logrotate.d/callspool >"$work/log" 2>&1 || {
        cat "$work/log"
        not_so 'the logs cannot be rotated'
    }
    expect_there /var/log/callspool/runs.jsonl.1
    [ "$(inside stat -c '%U %a %s' /var/log/callspool/runs.jsonl)" = 'callspool 640 0' ] ||
        not_so "the new log is not the user's, or not empty"
}

upgrade() {
    say 'Upgrade'
    cp "$root/etc/callspool/config.toml" "$work/config"
    cp "$root/etc/cron.d/callspool" "$work/crontab"
    before=$(fingerprint)
    dpkg_install /upgrade.deb
    # shellcheck disable=SC2016 # a variable of dpkg's
    inside dpkg-query --show --showformat '${Version}' callspool | grep -q '+upgrade$' ||
        not_so 'it was not upgraded'
    cmp "$work/config" "$root/etc/callspool/config.toml" || not_so 'the upgrade changed the settings'
    cmp "$work/crontab" "$root/etc/cron.d/callspool" || not_so 'the upgrade changed the crontab'
    expect_there /etc/callspool/config.toml.dpkg-dist
    [ "$(fingerprint)" = "$before" ] || not_so 'the upgrade changed the spool'
    as callspool 'callspool -q run' || not_so 'it does not run after the upgrade'
}

remove_and_purge() {
    say 'Remove and purge'
    before=$(fingerprint)
    [ -n "$before" ] || not_so 'there is nothing in the spool to keep'
    inside dpkg --remove callspool >/dev/null 2>&1
    expect_gone /usr/bin/callspool
    expect_there /etc/callspool/config.toml /etc/cron.d/callspool /etc/callspool/token
    # The crontab's line, as cron would start it now that there is no program.
    line=$(sed -n 's|^\*/1 [* ]*callspool  *||p' "$root/etc/cron.d/callspool")
    output=$(as callspool "$line" 2>&1) || not_so 'the crontab of a removed package fails'
    [ -z "$output" ] || not_so "the crontab of a removed package sends mail: $output"
    inside dpkg --purge callspool >"$work/log" 2>&1 || not_so 'it cannot be purged'
    expect_gone /etc/callspool /etc/cron.d/callspool /etc/logrotate.d/callspool /var/log/callspool
    [ "$(fingerprint)" = "$before" ] || not_so 'the purge changed the spool'
    inside id callspool >/dev/null || not_so 'the user is gone whose files are in the spool'
}

# A package that was never used leaves no directory behind.
purge_unused() {
    rm -rf "${root:?}$spool"
    dpkg_install /first.deb
    expect_there "$spool/leads"
    inside dpkg --purge callspool >/dev/null 2>&1
    expect_gone "$spool" /etc/callspool
}

make_upgrade
install_package
start_api
add_agent
leave_a_call session_20251029_090100_plain "$spool"
configure
switch_cron_on
deliver_by_cron
rotate_logs
upgrade
remove_and_purge
purge_unused
say 'With cron all is as it should be'
