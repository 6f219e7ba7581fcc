# sjt: `make demo` serves a demonstration, `make test` proves the whole. `make` alone lists the targets.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export SJT_SHARED ?= ../shared
# many commands and tests start processes; without kept bytecode each would compile the whole program again
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check format bench bench-faults bench-coverage accessibility screenshots lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sjt needs Python 3.11 or newer; name one with PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

setup: $(STAMP) ## make .venv from the lock file

demo: $(STAMP) ## build the demonstration in ./var/demo and serve it
	$(BIN)/sjt demo --data var/demo

test: $(STAMP) ## everything: lint, types, floors, all tests (browser and PostgreSQL too)
	@BIN=$(BIN) tools/find_chromium.sh
	$(MAKE) --no-print-directory -j2 check all-tests  # mypy takes one processor for a minute: the tests have the other

.PHONY: all-tests
all-tests: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist loadgroup --durations=20

quick: $(STAMP) ## the fast tests, under a minute
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not slow and not browser and not postgresql"

check: $(STAMP) ## ruff (format, lint), mypy strict, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## let ruff mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## the table of ratios against named references
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pandas girth
	$(BIN)/python benchmarks/run.py

bench-faults: $(STAMP) ## the long proofs by breaking it
	$(BIN)/python -m benchmarks.faults --write docs/faults.md

bench-coverage: $(STAMP) ## 2,000 replications: do the intervals hold the truth?
	$(BIN)/python benchmarks/coverage.py --page docs/coverage.md
	$(BIN)/python benchmarks/coverage_structure.py --page docs/coverage.md

accessibility: $(STAMP) ## axe, Tab, targets and reflow on every kind of page, into docs/accessibility.md
	$(BIN)/python tools/accessibility.py

screenshots: $(STAMP) ## every page as its user, into docs/images
	$(BIN)/python tools/screenshots.py

lock: $(STAMP) ## pin the newest dependencies that fit pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-header pyproject.toml -o requirements.lock

clean: ## remove what was made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
