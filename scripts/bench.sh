#!/usr/bin/env bash
# Measures: all groups, or the one that GROUP names.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/neighbours.sh || true # a group skips what is missing, and says so
exec .venv/bin/python -m bench ${GROUP:+"$GROUP"}
