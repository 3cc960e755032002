#!/bin/sh
# Prints the path of a Python that has what benches/requirements.txt names: a virtual environment
# below DIR, made when it is not there. Fails, and says what to do, when there is no Python or no
# PyPI.
#
# Usage: install.sh DIR

set -eu
dir=${1:?usage: install.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)

give_up() {
    printf 'nothing can be measured: %s\n' "$1" >&2
    printf 'install %s, and try again with PyPI in reach\n' \
        'Python 3.10 or newer with its venv module (python3-venv)' >&2
    exit 1
}

python=${PYTHON:-python3}
tag=$("$python" -c '
import sys, ensurepip, venv
print("%d.%d" % sys.version_info[:2])
sys.exit(sys.version_info < (3, 10))' 2>/dev/null) || give_up 'there is no fitting Python'

made=$dir/bench-$(cksum <"$here/requirements.txt" | cut -d ' ' -f 1)-py$tag
if [ ! -x "$made/bin/python" ]; then
    mkdir -p "$dir"
    work=$(mktemp -d "$dir/bench.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    {
        "$python" -m venv "$work/new" &&
            "$work/new/bin/python" -m pip --disable-pip-version-check install --quiet \
                --no-deps --only-binary :all: --requirement "$here/requirements.txt" &&
            "$work/new/bin/python" -c 'import requests'
    } >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        give_up 'its packages could not be installed'
    }
    # Of several that come to this point at once, the first one stays.
    mv -T "$work/new" "$made" 2>/dev/null || [ -x "$made/bin/python" ]
fi
printf '%s\n' "$made/bin/python"
