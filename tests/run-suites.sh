#!/usr/bin/env bash
# Runs every test suite and prints what each took; the first failure does not hide the later ones.
set -uo pipefail
failed=0 ; hooks=(--features connect-cloud/crash-points,connect-agent/crash-points)
suite() { # name, cargo test arguments
  local name=$1 start=$SECONDS; shift
  echo "== $name"
  cargo test --workspace "${hooks[@]}" "$@" || failed=1
  echo "== $name took $((SECONDS - start)) s"
}
suite "unit and conformance" --lib --bins
# Always the whole workspace: another selection has other features and rebuilds every dependency.
suite "integration" --test conformance --test documents --test tunnel --test engine
suite "layering and dependencies" --test layering
suite "stories" --test stories
exit $failed
