#!/bin/sh
# Prints the path of a Python that has LiveKit's SDK: a virtual environment below DIR, made when it
# is not there. Fails, and says what to do, when there is no fitting Python or no PyPI.
#
# Without VERSION that is the version in requirements.txt with all it needs, to the letter; with it
# a version as versions.txt has it, with what it needs as pip finds it.
#
# Usage: install.sh DIR [VERSION]

set -eu
dir=${1:?usage: install.sh DIR [VERSION]}
version=${2:-}
here=$(cd "$(dirname "$0")" && pwd)

give_up() {
    printf 'no LiveKit SDK for the tests with an agent: %s\n' "$1" >&2
    printf 'install %s, and run the tests again with PyPI in reach\n' \
        'Python 3.11 to 3.14 with its venv module (python3-venv)' >&2
    exit 1
}

if [ -n "$version" ]; then
    set -- --only-binary :all: "livekit-agents==$version"
    extra=$(awk -v version="$version" '$1 == version { for (i = 2; i <= NF; i++) print $i }' \
        "$here/versions.txt")
    for package in $extra; do set -- "$@" "$package"; done
    name=$version
else
    set -- --no-deps --only-binary :all: --requirement "$here/requirements.txt"
    name=$(cksum <"$here/requirements.txt" | cut -d ' ' -f 1)
fi

# Not every Python has the SDK's packages, or what it takes to make an environment.
for python in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11 python3.14; do
    tag=$("$python" -c '
import sys, ensurepip, venv
print("%d.%d" % sys.version_info[:2])
sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null) && break
    tag=
done
[ -n "$tag" ] || give_up 'there is no fitting Python'

made=$dir/livekit-agents-$name-py$tag
if [ ! -x "$made/bin/python" ]; then
    mkdir -p "$dir"
    work=$(mktemp -d "$dir/livekit-agents.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    {
        "$python" -m venv "$work/new" &&
            "$work/new/bin/python" -m pip --disable-pip-version-check install --quiet "$@" &&
            "$work/new/bin/python" -c 'import livekit.agents'
    } >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        give_up 'its packages could not be installed'
    }
    # Of several that come to this point at once, the first one stays.
    mv -T "$work/new" "$made" 2>/dev/null || [ -x "$made/bin/python" ]
fi
printf '%s\n' "$made/bin/python"
