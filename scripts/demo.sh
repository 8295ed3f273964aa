#!/usr/bin/env bash
# Runs the demonstration, on VIDEO if it is set.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh runtime
exec .venv/bin/vedette demo ${VIDEO:+--video "$VIDEO"}
