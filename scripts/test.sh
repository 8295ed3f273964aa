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
# a test that hangs fails by its own limit; this one is for a run that does not end after its tests
tests() { timeout --kill-after=60 45m .venv/bin/pytest -m "not soak" --continue-on-collection-errors --durations=20 --durations-min=5 "$@"; }

if [ -n "${ARGS:-}" ]; then
    # shellcheck disable=SC2086 # ARGS holds several words
    tests $ARGS || status=$?
    exit "$status"
fi
# The tests of the whole service mostly wait: they run beside the others in two lanes, and are printed after them. Each lane
# takes some of the others with it, so that all three end at about the same time.
also=("tests/clients tests/integration/delivery tests/integration/media" "tests/integration/algorithms tests/integration/auth tests/unit")
lanes=()
for lane in 0 1; do
    files=() n=0
    for file in tests/e2e/test_*.py; do
        if [ $((n++ % 2)) = "$lane" ]; then files+=("$file"); fi
    done
    # shellcheck disable=SC2086 # several folders
    tests "${files[@]}" ${also[$lane]} -p no:cacheprovider >".make/lane-$lane.log" 2>&1 &
    lanes+=($!)
done
trap 'kill "${lanes[@]}" 2>/dev/null' INT TERM
apart=()
for folder in tests/e2e ${also[@]}; do apart+=("--ignore=$folder"); done
tests "${apart[@]}" || status=$?
for lane in 0 1; do
    printf '== what ran meanwhile in lane %s\n' "$lane"
    wait "${lanes[$lane]}" || status=$?
    cat ".make/lane-$lane.log"
done
exit "$status"
