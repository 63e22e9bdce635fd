#!/bin/sh
# Set up .venv and curate the texts found in this Python installation: `gristmill demo` with any further options.
set -eu
sh "$(dirname "$0")/setup.sh"
cd "$(dirname "$0")/.."
exec "${GRISTMILL_VENV:-.venv}/bin/gristmill" demo "$@"
