# Portico. One environment in .venv, made from the hashed lock; `make help` lists the targets.
#
# PYTHON   interpreter that makes the environment (3.11 is the locked one; 3.12 and 3.13 by `make lock-check`)
# JOBS     processes of the test run
# TESTS    what to test, for example TESTS=tests/case
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
# A PYTHONPATH of the shell would put other code in front of the locked environment.
unexport PYTHONPATH PYTHONHOME

PYTHON ?= python3
JOBS ?= 2
TESTS ?=
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
DEMO := out/demo

PEERS := .peers

.PHONY: help demo test lint assure bench peers docs schemas golden lock lock-check wheel wheelhouse clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUN)  ## advise the two example cases, write out/demo/*.html and *.pdf
	@mkdir -p $(DEMO)
	@for name in femur-renal thoracic-separation; do \
	  $(BIN)/portico advise examples/cases/$$name.yaml --html $(DEMO)/$$name.html --pdf $(DEMO)/$$name.pdf; \
	done
	@echo; echo "Written:"; ls -1 $(DEMO)/*.html $(DEMO)/*.pdf

test: lint  ## lint, types, layers, the whole test suite and the coverage gate
	@rm -f .coverage .coverage.*
	@mkdir -p out
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadfile --durations=40 $(TESTS)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage json -q -o out/coverage.json
	@$(if $(TESTS),echo "TESTS is set: no coverage gate",$(BIN)/python tools/coverage_gate.py out/coverage.json)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

assure: $(DEV)  ## full counts of fuzzing and simulation; writes docs/assurance.md
	$(BIN)/python tools/assure.py

bench: $(DEV)  ## every benchmark, one JSON object a line
	@for file in benchmarks/*.py; do $(BIN)/python $$file --json; done

peers: $(PEERS)/dicompyler/.installed $(PEERS)/pyradplan/.installed  ## environments of the programs that the benchmarks compare with

$(PEERS)/%/.installed: requirements/peers-%-py311.txt
	$(PYTHON) -m venv $(PEERS)/$*
	$(PEERS)/$*/bin/python -m pip --disable-pip-version-check --no-input -q install --no-deps --require-hashes -r $<
	@touch $@

docs: $(DEV)  ## the documentation as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

schemas: $(DEV)  ## write the JSON Schemas again
	$(BIN)/python tools/build_schemas.py

golden: $(DEV)  ## after a change of data or rules: write the compiled library, schemas, golden files again, then review the diff
	$(BIN)/python -m portico.knowledge.compiled
	$(BIN)/portico evidence build
	$(BIN)/python tools/sign_teaching_site.py
	$(BIN)/python tools/build_schemas.py
	$(BIN)/python tools/build_directives.py
	PORTICO_GOLDEN=write $(BIN)/python -m pytest tests/golden
	git status --short

lock: $(DEV)  ## resolve requirements/*.txt again from pyproject.toml and the peers' lists
	$(BIN)/python tools/lock.py

lock-check: $(DEV)  ## dry run of both locks for Python 3.11, 3.12 and 3.13
	$(BIN)/python tools/lock_check.py

wheel: $(DEV)  ## build the wheel in dist/
	$(BIN)/python -m hatchling build -t wheel

wheelhouse: $(DEV)  ## everything that an installation without network needs, in dist/wheelhouse
	$(BIN)/python tools/wheelhouse.py

clean:  ## remove the environment and everything that is built
	rm -rf $(VENV) $(PEERS) out dist build site .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Portico needs Python 3.11 or later; set PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "Python has no ensurepip: install the package python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/lock-py311.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/lock-py311.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev-py311.txt $(RUN)
	$(PIP) install --require-hashes -r requirements/dev-py311.txt
	@touch $@
