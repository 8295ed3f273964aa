#!/usr/bin/env bash
# Runs every check that is no test; all of them, even after one has failed.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
check() {
    printf '== %s\n' "$1"
    "${@:2}" || failed+=("$1")
}
check "ruff" .venv/bin/ruff check .
check "ruff format" .venv/bin/ruff format --check .
check "mypy" .venv/bin/mypy
check "import contracts" .venv/bin/lint-imports --no-cache
check "generated pages" .venv/bin/python scripts/gen_docs.py --check

if [ ${#failed[@]} -gt 0 ]; then
    printf '== FAILED: %s\n' "${failed[*]}"
    exit 1
fi
