# Every target that starts with a "## " comment is listed by `make help`.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?= strategies/bracket.py --exchange synthetic --seed 7 --from 2026-04-01 --to 2026-04-28
PYTEST_ARGS ?=
# Packages to move to their newest allowed version: make lock LOCK_ARGS=--upgrade
LOCK_ARGS ?=

# A recent pip resolves and unpacks about twice as fast as the one that comes with Python 3.11.
# Where the index does not offer it, the bundled one does the work.
PIP_VERSION := 26.3
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --quiet --root-user-action=ignore --no-compile
# Everything, the build backend included, is pinned by hash; nothing is built in isolation from it.
INSTALL_SELF := $(INSTALL) --no-deps --no-build-isolation --editable .

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.pip: | check-python
	$(PYTHON) -m venv $(VENV)
	-$(INSTALL) pip==$(PIP_VERSION)
	@touch $@

.PHONY: check-python
check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "tradekit needs Python 3.11 or newer; set PYTHON=/path/to/python" >&2; exit 1; }

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.pip
	$(INSTALL) --require-hashes --no-deps -r requirements.lock
	$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml $(VENV)/.pip
	$(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	$(INSTALL_SELF)
	@touch $(VENV)/.runtime $@

.PHONY: demo
demo: $(VENV)/.runtime ## install and replay a shipped strategy over synthetic candles
	$(BIN)/tradekit backtest $(DEMO_ARGS)

.PHONY: install
install: $(VENV)/.dev ## install with everything that development needs

.PHONY: test
test: $(VENV)/.dev ## run all tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## run the tests that are quick and need no server or browser
	$(BIN)/python -m pytest -n 2 -m "not slow and not server and not browser" $(PYTEST_ARGS)

.PHONY: check
check: $(VENV)/.dev ## format, lint, types, import rules, tidiness
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/architecture

.PHONY: format
format: $(VENV)/.dev ## format the code and apply safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev ## run the benchmarks
	$(BIN)/python -m pytest tests/bench $(PYTEST_ARGS)

.PHONY: golden-accept
golden-accept: $(VENV)/.dev ## show a golden case old and new, and accept it with a reason: CASE=bracket
	$(BIN)/python -m tests.support.golden $(CASE)

.PHONY: docs
docs: $(VENV)/.dev ## draw the pages that come from the code: docs/lifecycle.md
	$(BIN)/python -m tests.support.draw_lifecycle

# The compiler of the lock files lives in a folder of its own: the project does not depend on it.
.PHONY: lock
lock: check-python ## regenerate both lock files from pyproject.toml
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/python" -m pip install --quiet --quiet --disable-pip-version-check uv; \
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	compile() { "$$tools/bin/uv" pip compile --quiet --generate-hashes --no-emit-index-url \
		--python-version 3.11 --group build $(LOCK_ARGS) pyproject.toml "$$@"; }; \
	compile --output-file requirements.lock; \
	compile --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: clean
clean: ## remove the environment, caches and builds
	rm -rf $(VENV) build dist .coverage htmlcov .benchmarks .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests strategies -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
