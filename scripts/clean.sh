#!/usr/bin/env bash
# Removes what the other commands have made.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf .venv .venv.new .make .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist \
    demo-output bench/results src/vedette.egg-info
find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +
