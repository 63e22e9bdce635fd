#!/bin/sh
# Set up .venv with the dev group, then check lint, format, types and tests; options go to pytest.
set -eu
sh "$(dirname "$0")/setup.sh" dev
cd "$(dirname "$0")/.."
bin=${GRISTMILL_VENV:-.venv}/bin
"$bin/ruff" check .
"$bin/ruff" format --check .
"$bin/mypy"
exec "$bin/python" -m pytest "$@"
