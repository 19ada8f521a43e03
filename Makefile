# What one does with Hansa; `make` alone lists it.

PYTHON ?= python3
STATE  ?= ./state
LISTEN ?= 127.0.0.1:8080
BIN    := .venv/bin
STAMP  := .venv/.installed
PG     := $(wildcard /usr/lib/postgresql/*/bin/initdb)
NATS   := $(or $(shell command -v nats-server),$(wildcard /usr/sbin/nats-server))

.DEFAULT_GOAL := help
.PHONY: help setup postgresql nats run cluster test lab-test tempest swift-functional bench bench-scale lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1	/p' $(MAKEFILE_LIST)

# Where they can be had, the tests want PostgreSQL and NATS too.
CAN_INSTALL := $(and $(filter 0,$(shell id -u)),$(shell command -v apt-get))

setup: $(STAMP) $(if $(CAN_INSTALL),postgresql nats)  ## the locked environment in .venv, with Hansa in it (Debian, root: and PostgreSQL and NATS)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Hansa needs Python 3.11 or newer: name one with make PYTHON=python3.12.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'This Python cannot make environments: install python3-venv (apt-get install python3-venv).' >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/pip install -qq --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

postgresql:  ## PostgreSQL for the tests of the store on it (Debian, root); without it they are skipped
	$(if $(PG),@true,apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends postgresql || \
	  echo 'PostgreSQL cannot be installed here; its tests are skipped.' >&2)

nats:  ## a NATS server for the tests of the bus on it (Debian, root); without it they are skipped
	$(if $(NATS),@true,apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends nats-server || \
	  echo 'NATS cannot be installed here; its tests are skipped.' >&2)

run: setup  ## a league: make run [CLOUDS=clouds.yaml SITES=east=entry,west=entry] [STATE=DIR] [LISTEN=HOST:PORT]
	$(BIN)/hansa serve $(if $(CLOUDS)$(SITES),$(if $(CLOUDS),--clouds $(CLOUDS)) $(if $(SITES),--sites $(SITES)),--sim 3) --state $(STATE) --listen $(LISTEN)

cluster: setup  ## a league of several processes on PostgreSQL, over simulated sites: make cluster [CLUSTER_CLOUDS=clouds.yaml SITES=east=entry,west=entry] [PLAY='script.py --os-cloud hansa ...']
	$(BIN)/python -m cluster $(if $(CLUSTER_CLOUDS),--clouds $(CLUSTER_CLOUDS)) $(if $(SITES),--sites $(SITES)) $(if $(PLAY),--play '$(PLAY)')

test: setup  ## style, types and all tests that need neither root nor network
	$(BIN)/ruff check .
	$(BIN)/ruff check --isolated --select E9,F,B lab
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --basetemp=$$(mktemp -d) -m 'not lab'

lab-test: setup  ## the tests against real OpenStack clouds on this machine (Debian, root)
	lab/with 2+hills $(BIN)/pytest -q -m lab tests

tempest: setup  ## OpenStack's own API tests, on a cloud directly and through a league: make tempest [TEMPEST='--only compute --regex servers'] (Debian, root)
	lab/with 2 $(BIN)/python -m conformance $(TEMPEST)

swift-functional: setup  ## Swift's own functional tests, on a cloud directly and through a league: make swift-functional [SWIFT='--regex test_slo'] (Debian, root)
	lab/with 2 $(BIN)/python -m conformance.swift $(SWIFT)

bench: setup  ## how fast it is, against nginx and a real Nova (Debian, root; installs nginx where it is missing)
	lab/with 1 $(BIN)/python -m bench $(BENCH)

bench-scale: setup  ## how a hundred sites with a million servers do, in an hour and 8 GB of disk; smaller: BENCH='--sites 10 --servers 1000' (installs nginx likewise)
	$(BIN)/python -m bench.scale $(BENCH)

lock:  ## renew the locks after a change to a requirements*.in; with UPGRADE=1 take the newest versions
	test -x .lock-tools/bin/uv || { $(PYTHON) -m venv .lock-tools && .lock-tools/bin/pip install -qq uv; }
	for name in $(basename $(wildcard requirements*.in conformance/requirements.in lab/*/requirements.in)); do \
	  .lock-tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --strip-extras $(if $(UPGRADE),--upgrade) $$name.in -o $$name.lock || exit 1; \
	done

clean:  ## remove what can be made again; a league's state is left alone
	rm -rf .venv .lock-tools .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
