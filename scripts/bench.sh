#!/usr/bin/env bash
# Measures: all groups, or the one that GROUP names.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
exec .venv/bin/python -m bench ${GROUP:+"$GROUP"}
