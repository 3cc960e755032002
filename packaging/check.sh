#!/bin/sh
# Checks what is installed beside the program with the programs that will read it: man pages,
# completions, systemd's units, Kubernetes' manifests, Prometheus' rules, and the package when there is
# one. Fails at the first that is wrong; the last lines name what was not checked because its tool is missing.
#
#   make check-packaging
#
# GENERATED             where man pages and completions are (default: target/generated)
# KUBERNETES_VALIDATE   the program of that name from PyPI (default: the one in PATH)

set -eu
cd "$(dirname -- "$0")/.."
generated=${GENERATED:-target/generated}
kubernetes_validate=${KUBERNETES_VALIDATE:-kubernetes-validate}
unchecked=

wrong() {
    printf 'check-packaging: %s\n' "$1" >&2
    exit 1
}

# Whether a tool is there; one that is not is noted, with what it was for.
there() {
    command -v "$1" >/dev/null && return
    unchecked="$unchecked
  $2: no $1"
    return 1
}

# A check whose tool says on its output what is wrong, and not by its exit code.
silent() {
    about=$1
    shift
    output=$("$@" 2>&1) || { printf '%s\n' "$output"; wrong "$about"; }
    [ -z "$output" ] || { printf '%s\n' "$output"; wrong "$about"; }
}

if there mandoc 'man pages'; then
    silent 'a man page is not well-formed' mandoc -T lint -W warning "$generated"/man/*.1
fi
if there groff 'man pages'; then
    for page in "$generated"/man/*.1; do
        silent "groff does not like $page" groff -ww -man -T utf8 -z "$page"
    done
fi
for shell in bash:callspool.bash zsh:_callspool fish:callspool.fish; do
    if there "${shell%%:*}" 'completions'; then
        silent 'a completion is not well-formed' "${shell%%:*}" -n "$generated/completions/${shell#*:}"
    fi
done

# The units are looked at where they are installed, so that what they name is there.
if there systemd-analyze 'units'; then
    root=$(mktemp -d)
    trap 'rm -rf -- "$root"' EXIT
    mkdir -p "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/usr/share/doc/callspool"
    cp packaging/debian/README.Debian "$root/usr/share/doc/callspool"
    cp packaging/debian/callspool.service packaging/debian/callspool.timer "$root/usr/lib/systemd/system"
    printf '#!/bin/sh\n' >"$root/usr/bin/callspool"
    chmod +x "$root/usr/bin/callspool"
    for target in sysinit timers network-online shutdown basic; do
        printf '[Unit]\nDescription=%s\n' "$target" >"$root/usr/lib/systemd/system/$target.target"
    done
    printf '[Unit]\nDescription=slice\n' >"$root/usr/lib/systemd/system/system.slice"
    # An unknown key is a warning to it, with exit code 0.
    silent 'systemd does not like the units' \
        systemd-analyze --man=no --root="$root" verify callspool.service callspool.timer
    # Of 100: what is left is mostly the network, and fchown.
    systemd-analyze --offline=yes --threshold=15 security packaging/debian/callspool.service \
        >/dev/null 2>&1 || wrong 'the service is more exposed than it was'
fi

if there "$kubernetes_validate" "Kubernetes' manifests"; then
    for version in 1.29 1.37; do
        silent 'a manifest is not what the API takes' "$kubernetes_validate" --quiet --strict \
            --kubernetes-version "$version" packaging/kubernetes/cronjob.yaml \
            packaging/kubernetes/indexed-cronjob.yaml \
            packaging/kubernetes/configmap.yaml packaging/kubernetes/volume.yaml
    done
fi

if there promtool "Prometheus' rules"; then
    for what in check test; do
        rules=packaging/prometheus/callspool.rules.yml
        [ "$what" = check ] || rules=packaging/prometheus/callspool.rules.test.yml
        output=$(promtool "$what" rules "$rules" 2>&1) || {
            printf '%s\n' "$output"
            wrong 'the alert rules are not as they should be'
        }
    done
fi

for package in target/debian/callspool_*.deb; do
    if [ -e "$package" ] && there lintian 'the package'; then
        lintian --allow-root --fail-on error,warning "$package" || wrong 'lintian does not like the package'
    fi
done

printf 'Man pages, completions, units, manifests and rules are as they should be.\n'
[ -z "$unchecked" ] || printf 'Not checked:%s\n' "$unchecked"
