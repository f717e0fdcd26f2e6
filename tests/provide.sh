#!/usr/bin/env bash
# Provides what the named uses need: installs with apt when root on Debian, says what is missing elsewhere.
# usage: tests/provide.sh build|demo|test|check...
set -euo pipefail

packages=() ; missing=()
need() { # command-or-path, Debian package, what it is for
  if [[ $1 == /* ]] && compgen -G "$1" >/dev/null; then return; fi
  if [[ $1 != /* ]] && command -v "$1" >/dev/null; then return; fi
  packages+=("$2"); missing+=("$2 ($3)")
}
need_python() { # one that can make virtual environments
  python3 -c 'import ensurepip, venv' 2>/dev/null && return
  packages+=(python3-venv); missing+=("python3-venv (Python 3 with venv, for the outside client pytds)")
}
need_postgres() { need '/usr/lib/postgresql/*/bin/initdb' postgresql 'the PostgreSQL server binaries'; }

for use in "$@"; do
  case $use in
    build) need cc gcc 'a C compiler'; need cargo cargo 'Rust 1.94 or newer' ;;
    test) need_postgres; need_python; need tsql freetds-bin 'the outside client FreeTDS' ;;
    bench) need_postgres ;;
    check) need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32 'the Windows linker' ;;
    postgres|--database=postgres) need_postgres ;;
  esac
done

if ((${#packages[@]})); then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing: ${packages[*]}"
    # The package must not start a server of its own.
    mkdir -p /etc/postgresql-common
    [[ -e /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  else
    echo "missing on this machine:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
  fi
fi

for use in "$@"; do
  if [[ $use == check ]] && ! rustc --print target-libdir --target x86_64-pc-windows-gnu 2>/dev/null | xargs -r test -d; then
    if command -v rustup >/dev/null; then rustup target add x86_64-pc-windows-gnu
    else echo "missing on this machine: Rust's standard library for x86_64-pc-windows-gnu" >&2; exit 1; fi
  fi
done

# pytds lives beside the build's results, whole or not at all.
outside=${CARGO_TARGET_DIR:-target}/outside-clients wanted='python-tds==1.17.1 pyOpenSSL==26.4.0'
for use in "$@"; do
  if [[ $use == test && $(cat "$outside/provided" 2>/dev/null) != "$wanted" ]]; then
    echo "installing from PyPI: $wanted"
    rm -rf "$outside"
    python3 -m venv "$outside"
    # shellcheck disable=SC2086
    "$outside/bin/pip" install --quiet --disable-pip-version-check $wanted
    echo "$wanted" >"$outside/provided"
  fi
done
