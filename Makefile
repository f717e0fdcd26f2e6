# Each target does its own set-up and ends what it starts.

SHELL := /bin/bash
CARGO ?= cargo
ARGS ?=
export CARGO_TERM_COLOR ?= auto

# The binaries that stories and the demo drive carry the named crash points.
HOOKS := --features connect-cloud/crash-points,connect-agent/crash-points
WINDOWS := x86_64-pc-windows-gnu
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: demo test check bench help

help:
	@echo "make demo [ARGS='--orders 200 --exit']   orders travel from a sandbox store into a sandbox GP"
	@echo "make test                                all tests, on SQLite and on PostgreSQL"
	@echo "make bench                               figures of the release build, into target/bench.json"
	@echo "make check                               format, lints, Windows build, layering, dependencies"

demo:
	@tests/provide.sh build demo $(ARGS)
	$(CARGO) build $(HOOKS) --workspace --bins
	@exec tests/with-postgres.sh --if-asked "$(ARGS)" $(TARGET)/debug/connect-demo $(ARGS)

test:
	@tests/provide.sh build test
	$(CARGO) build $(HOOKS) --workspace --bins
	@tests/with-postgres.sh tests/run-suites.sh

# Release builds without crash points; both programs add to one file.
bench:
	@tests/provide.sh build bench
	$(CARGO) build --release --workspace --bins
	$(CARGO) bench --workspace --bench engine --bench lanes --bench figures --no-run
	@rm -f $(TARGET)/bench.json
	@tests/with-postgres.sh $(CARGO) bench --quiet --workspace --bench lanes -- --json "$(abspath $(TARGET))/bench.json"
	@$(CARGO) bench --quiet --workspace --bench engine -- --json "$(abspath $(TARGET))/bench.json"
	@tests/with-postgres.sh $(CARGO) bench --quiet --workspace --bench figures -- --json "$(abspath $(TARGET))/bench.json" $(ARGS)

check:
	@tests/provide.sh build check
	@start=$$SECONDS; set -e; \
	$(CARGO) fmt --all --check; \
	$(CARGO) clippy --workspace --all-targets $(HOOKS) -- -D warnings; \
	$(CARGO) check --target $(WINDOWS) -p connect-agent -p connect-proto; \
	$(CARGO) test -q --workspace $(HOOKS) --test layering; \
	echo "check took $$((SECONDS - start)) s"
