#!/usr/bin/env bash
# Runs every check and every test; pytest comes last, so that its summary is the last thing said.
set -uo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh test || exit
status=0
scripts/neighbours.sh || status=1
scripts/lint.sh || status=1
if [ -n "${STRICT:-}" ]; then export VEDETTE_TEST_STRICT=1; fi
[ "$status" = 0 ] || printf '== a check above has failed; the tests run all the same, and the command will fail\n'
# shellcheck disable=SC2086 # ARGS holds several words
.venv/bin/pytest -m "not soak" --continue-on-collection-errors ${ARGS:-} || status=$?
exit "$status"
