#!/usr/bin/env bash
# Makes .venv and installs the locked packages: setup.sh runtime|test
#
# Debian keeps ensurepip in a package of its own and protects its Python, so the environment is made without pip,
# and whatever pip the machine has installs into it. A stamp says what was installed; while it holds, nothing is done.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
kind=${1:-runtime}
lock=requirements/$kind.txt

say() { printf '%s\n' "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
# The stamp of a lock file: its content, the project's, the place and the Python.
stamp() { { cat "$1" pyproject.toml; echo "$root"; .venv/bin/python -V; } | sha256sum | cut -d' ' -f1; }
current() { [ "$(cat ".venv/.$1.stamp" 2>/dev/null)" = "$(stamp "requirements/$1.txt")" ] && [ -x .venv/bin/vedette ]; }

mkdir -p .make
exec 9>.make/setup.lock
flock 9 2>/dev/null || true # two commands at once: the second waits

# An environment that was moved here with the folder, or whose Python is gone, is made anew.
if [ -e .venv/bin/vedette ] && ! head -n 2 .venv/bin/vedette | grep -qF "$root/.venv/bin/"; then
    say "the environment was made for another place; making it anew"
    rm -rf .venv
fi
if [ -d .venv ] && ! fits .venv/bin/python; then
    say "the Python of the environment is gone; making it anew"
    rm -rf .venv
fi

if [ ! -d .venv ]; then
    python=
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null && fits "$candidate"; then
            python=$(command -v "$candidate")
            break
        fi
    done
    [ -n "$python" ] || fail "Python 3.11 or newer is needed, and none was found"
    say "making the environment in .venv with $("$python" -V)"
    "$python" -m venv --without-pip .venv.new || fail "$python cannot make environments"
    mv .venv.new .venv # an interrupted run leaves no half-made .venv
fi
if current "$kind"; then exit 0; fi

# Any pip from 22.3 on can install into another Python's environment.
pip=
for candidate in ".venv/bin/python -m pip" "python3 -m pip" "/usr/bin/python3 -m pip" pip3 pip; do
    if $candidate --python .venv/bin/python --version >/dev/null 2>&1; then
        pip="$candidate --python .venv/bin/python"
        break
    fi
done
if [ -z "$pip" ]; then
    .venv/bin/python -m ensurepip >/dev/null 2>&1 ||
        fail "pip 22.3 or newer is needed (Debian and Ubuntu: apt install python3-pip)"
    pip=".venv/bin/python -m pip"
fi

export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
say "installing $(grep -c '^[a-z]' "$lock") packages from $lock (the first time takes a minute or two)"
# Some packages of the tests come as source alone; whatever else is built is not what was locked.
$pip install --quiet --require-hashes --only-binary :all: --no-binary crcmod,esdk-obs-python,pyftpdlib -r "$lock" || fail "the packages could not be installed"
$pip install --quiet --no-deps --no-build-isolation --editable . || fail "vedette itself could not be installed"
if [ "$kind" = test ]; then stamp requirements/runtime.txt >.venv/.runtime.stamp; fi # test holds runtime
stamp "$lock" >".venv/.$kind.stamp"
say "done: $root/.venv/bin/vedette"
