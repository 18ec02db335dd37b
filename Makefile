# `make help` lists what there is. Everything is a script in scripts/, which also runs without make.

SHELL := /bin/bash
PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help setup build demo test check nightly bench bench-redis bench-fleet format install

help: ## This list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'

setup: ## Install what building and testing need (Debian, Ubuntu).
	@scripts/setup.sh

build: ## Debug build of everything, tests included.
	@. scripts/lib.sh && find_swift && swift build --build-tests $${swift_options[@]}

demo: ## See it work: a worker, a client, results, a failure, a retry. Needs no server.
	@scripts/demo.sh

test: ## Everything that must pass before a change lands. The same as continuous integration.
	@scripts/test.sh

check: ## Only the gates that need no build: format, headers, imports, docs.
	@scripts/check.sh

nightly: ## The long ones: hundreds of kills, Thread Sanitizer. Writes docs/evidence.
	@scripts/nightly.sh

bench: ## Benchmarks, in release.
	@scripts/bench.sh

bench-redis: ## Against Python Celery on one Redis server, in release. Writes Benchmarks/results/redis.md.
	@scripts/bench-redis.sh

bench-fleet: ## What watching and steering workers costs, in release. Writes Benchmarks/results/fleet.md.
	@scripts/bench-fleet.sh

format: ## Format all Swift files in place.
	@scripts/format.sh

install: ## Build the `celery` command in release and put it into PREFIX/bin (PREFIX=/usr/local).
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh
