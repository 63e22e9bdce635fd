#!/bin/sh
# Make .venv with the versions of infra/constraints.txt; `setup.sh dev` adds what linting and testing need.
# Returns at once when nothing has changed since the last time.
#   PYTHON          the Python to use (default: the first of python3.11, python3.12, python3.13, python3 that fits)
#   GRISTMILL_VENV  the environment to make (default: .venv)
set -eu
cd "$(dirname "$0")/.."
venv=${GRISTMILL_VENV:-.venv}
group=${1:-}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

find_python() {
    for python in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
    echo "setup: Gristmill needs Python 3.11, 3.12 or 3.13; name one in PYTHON" >&2
    return 1
}

wanted() {
    cat pyproject.toml infra/constraints.txt
}

if wanted | cmp -s - "$venv/installed$group" && fits "$venv/bin/python"; then
    exit 0
fi
python=$(find_python)
echo "Setting up $venv with $("$python" --version); this takes a minute or two." >&2
fits "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
rm -f "$venv/installed" "$venv/installeddev"

install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint infra/constraints.txt "$@"
}

install pip
install --build-constraint infra/constraints.txt --editable . ${group:+--group "$group"}
wanted >"$venv/installed"
if [ -n "$group" ]; then wanted >"$venv/installed$group"; fi
