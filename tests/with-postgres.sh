#!/usr/bin/env bash
# Runs a command with a temporary PostgreSQL server (fsync on) in CONNECT_TEST_POSTGRES_URL, and stops it after.
# usage: tests/with-postgres.sh [--if-asked "ARGUMENTS"] COMMAND [ARGUMENT...]
#   --if-asked: only when the arguments name a postgres database without saying where (--database postgres)
set -euo pipefail

if [[ ${1:-} == --if-asked ]]; then
  asked=$2; shift 2
  [[ $asked =~ --database[=\ ]postgres($|[[:space:]]) ]] || exec "$@"
fi

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[[ -x ${bin:-}/initdb ]] || { echo "PostgreSQL's server binaries are missing (Debian: postgresql)" >&2; exit 1; }
home=$(mktemp -d /tmp/connect-postgres.XXXXXX)
run() { "$@"; }
if [[ $(id -u) == 0 ]]; then
  chown postgres: "$home"
  run() { setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$home" "$@"; }
fi
stop() { code=$?; trap - EXIT; [[ -e $home/data/postmaster.pid ]] && run "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$home"; exit $code; }
trap stop EXIT; trap 'exit 130' INT; trap 'exit 143' TERM
cd_here=$PWD; cd "$home"
run "$bin/initdb" -D "$home/data" -U connect --auth=trust -E UTF8 --locale=C.UTF-8 >/dev/null
start() { run "$bin/pg_ctl" -D "$home/data" -w -l "$home/log" -o "-c listen_addresses=127.0.0.1 -c port=$1 -c unix_socket_directories=$home -c fsync=on -c synchronous_commit=on -c max_connections=300" start >/dev/null; }
# The server itself finds out whether a port is free.
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  port=$((20000 + RANDOM % 12000))
  start "$port" && break
  ((attempt < 10)) || { cat "$home/log" >&2; exit 1; }
done
cd "$cd_here"
export CONNECT_TEST_POSTGRES_URL="postgres://connect@127.0.0.1:$port/postgres"
# A job of its own hears SIGINT, which a plain background command ignores, and hears it only from here.
set -m; "$@" & child=$!; set +m
pass() { trap '' INT TERM; kill "-$1" -- "-$child" 2>/dev/null; wait "$child"; exit; }
trap 'pass INT' INT; trap 'pass TERM' TERM
wait "$child"
