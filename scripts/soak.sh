#!/usr/bin/env bash
# Runs the long tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/neighbours.sh
if [ -n "${STRICT:-}" ]; then export VEDETTE_TEST_STRICT=1; fi
# shellcheck disable=SC2086 # ARGS holds several words
exec .venv/bin/pytest -m soak --timeout=3600 ${ARGS:-}
