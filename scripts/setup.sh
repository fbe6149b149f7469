#!/usr/bin/env bash
# Creates .venv and installs exactly what uv.lock names. Needs Python >= 3.11 with pip, and a package index.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

find_python() {
    local name
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$name" ] && command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    say "Python 3.11 or newer was not found. Install it (Debian: apt install python3 python3-venv) or set PYTHON=/path."
    return 1
}

# Debian splits venv's pip seed (ensurepip) into python3-venv: without it, an empty venv plus the machine's own pip do.
make_venv() {
    local python=$1
    [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null && return
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1; then
        return
    fi
    rm -rf .venv
    if "$python" -m venv --without-pip .venv >/dev/null 2>&1 && "$python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv"
        apt-get -qq update >&2 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null
        "$python" -m venv .venv
        return
    fi
    say "this Python cannot create environments. Debian: sudo apt install python3-venv; then run make again."
    return 1
}

# The version uv.lock itself pins, so that the sync below does not replace the running program.
install_uv() {
    local python=$1 version
    version=$(awk '/^name = "uv"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' uv.lock)
    [ "$(.venv/bin/uv --version 2>/dev/null | awk '{print $2}')" = "$version" ] && return
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version"
    else
        "$python" -m pip --python .venv/bin/python install --quiet --disable-pip-version-check "uv==$version"
    fi
}

started=$SECONDS
python=$(find_python)
say "creating .venv with $("$python" --version)"
make_venv "$python"
install_uv "$python"
say "installing what uv.lock pins"
UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv sync --frozen --quiet --python .venv/bin/python
touch .venv/.synced
say "ready in $((SECONDS - started)) s: $(.venv/bin/procession --version 2>/dev/null || echo .venv/bin/procession)"
