#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/: exact versions and hashes, no addresses, all platforms.
# UPGRADE=1 takes the newest versions that pyproject.toml allows; otherwise what is locked stays.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test

uv=$(command -v .venv/bin/uv || command -v uv || true)
if [ -z "$uv" ]; then
    .venv/bin/python -m pip --version >/dev/null 2>&1 || pip="python3 -m pip --python .venv/bin/python"
    ${pip:-.venv/bin/python -m pip} install --quiet uv
    uv=.venv/bin/uv
fi

resolve() { # resolve <file> <options>
    local file=$1
    shift
    "$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} "$@" --output-file "$file"
}
resolve requirements/test.txt --all-extras --group build --group dev
# the runtime is a part of the very same resolution
UPGRADE=1 resolve requirements/runtime.txt --group build --constraints requirements/test.txt
