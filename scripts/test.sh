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
tests() { .venv/bin/pytest -m "not soak" --continue-on-collection-errors --durations=20 --durations-min=5 "$@"; }

if [ -n "${ARGS:-}" ]; then
    # shellcheck disable=SC2086 # ARGS holds several words
    tests $ARGS || status=$?
    exit "$status"
fi
# The tests of the whole service mostly wait for it: they run beside the others, and are printed after them.
log=.make/whole-service.log
tests tests/e2e -p no:cacheprovider >"$log" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null' INT TERM
tests --ignore=tests/e2e || status=$?
printf '== the tests of the whole service, which ran meanwhile\n'
wait "$beside" || status=$?
cat "$log"
exit "$status"
