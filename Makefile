# Needs git, make and a Python with pip; every target sets up its own environment in .venv.
# The Python for .venv is the one in .python-version, or else any from 3.12 on: never downloaded.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON  ?= python3
WORKERS ?= 2
BLAS_THREADS ?= 1
SUITE   ?= reml
BENCH   ?=
CALIBRATION ?=
COVERAGE ?=
MUTATION ?=
MINUTES ?= 10
UV      := .tools/bin/uv
BIN     := .venv/bin
READY   := .venv/.ready
SOURCES := .

# What others set for their own projects must not steer this one.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME UV_PROJECT_ENVIRONMENT UV_SYSTEM_PYTHON UV_PYTHON
unexport UV_CONSTRAINT UV_OVERRIDE PIP_TARGET PIP_USER PIP_CONSTRAINT PYTEST_ADDOPTS
export PIP_ROOT_USER_ACTION := ignore
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-fast test-coverage lint format bench calibrate coverage truth mutation docs fuzz env clean distclean

help:
	@echo 'make demo       fit the sleep-deprivation data and leave a report in demo-report/'
	@echo 'make test       everything that CI checks'
	@echo 'make test-fast  the tests that are not marked slow'
	@echo 'make test-coverage  every test, and what they do not reach'
	@echo 'make lint       ruff: rules and formatting; mypy: types'
	@echo 'make format     let ruff rewrite what it can'
	@echo 'make bench      time this package beside others, SUITE=reml, sampling or scale; writes docs/benchmarks.md'
	@echo 'make calibrate  simulation-based calibration, 10,000 tables a design; writes docs/calibration.md'
	@echo 'make coverage   count how often 95 % intervals hold the truth; writes docs/coverage.md'
	@echo 'make truth      compare every number of other software again; writes docs/truth.md'
	@echo 'make mutation   plant mistakes in the source and see which the tests notice; writes docs/mutation.md'
	@echo 'make docs       build the manual in build/docs/, warnings are errors'
	@echo 'make fuzz       search for formulas that break something, MINUTES=10; findings in .fuzz/'
	@echo 'make env        only set up .venv'
	@echo 'make clean      remove caches, builds and reports'
	@echo 'make distclean  also remove .venv and .tools'

demo: $(READY)
	@$(BIN)/bayesmixed demo --out demo-report

test: lint
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-fast: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m 'not slow'

test-coverage: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term-missing:skip-covered

lint: $(READY)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy bayesmixed

format: $(READY)
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

# One thread: OpenBLAS's own cost more than they bring on small matrices, and far more on a busy machine.
bench: .bench/.ready
	@OPENBLAS_NUM_THREADS=$(BLAS_THREADS) .bench/venv/bin/python -m benchmarks $(SUITE) $(BENCH)

# Both go on where they were stopped: delete docs/data/calibration* or docs/data/coverage* to begin anew.
calibrate: $(READY)
	@OPENBLAS_NUM_THREADS=$(BLAS_THREADS) $(BIN)/python -m proof.calibration $(CALIBRATION)

coverage: $(READY)
	@$(BIN)/python -m proof.coverage $(COVERAGE)

truth: $(READY)
	@$(BIN)/python -m proof.truth

# A study like the two above; no part of the tests.
mutation: $(READY)
	@$(BIN)/python -m proof.mutation $(MUTATION)

# Sphinx is in .venv: a test builds the manual too, in a few seconds.
docs: $(READY)
	@$(BIN)/python -m sphinx -E -b html -W --keep-going -q -d build/docs-trees docs build/docs
	@echo 'The manual is in build/docs/index.html'

# atheris stays out of .venv; no part of the tests.
fuzz: .fuzz/.ready
	@PYTHONPATH=.fuzz/atheris OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.faults.fuzz .fuzz/formulas \
	    -max_total_time=$$(( $(MINUTES) * 60 )) -rss_limit_mb=3000
	@cat .fuzz/formulas/summary.txt

.fuzz/.ready: | $(READY)
	@$(UV) pip install -q --python $(BIN)/python --target .fuzz/atheris 'atheris>=3'
	@touch $@

env: $(READY)

$(UV):
	@echo 'Installing uv in .tools'
	@$(PYTHON) -m pip install -qq --target .tools uv

# An existing .venv is updated in place; make distclean starts afresh.
$(READY): pyproject.toml constraints.txt | $(UV)
	@echo 'Setting up .venv (a minute or two on the first run)'
	@test -x $(BIN)/python || rm -rf .venv
	@test -x $(BIN)/python \
	    || $(UV) venv -q --no-python-downloads .venv 2>/dev/null \
	    || $(UV) venv -q --no-python-downloads --python '>=3.12' .venv \
	    || { echo 'bayesmixed needs Python 3.12 or newer, and none was found.' >&2; exit 1; }
	@$(UV) pip install -q --python $(BIN)/python -b constraints.txt -c constraints.txt -e '.[test]'
	@touch $@

# The packages that are compared stay out of .venv. Bytecode is made now: no benchmark of Python's compiler.
.bench/.ready: pyproject.toml constraints.txt | $(READY)
	@echo 'Setting up .bench/venv'
	@test -x .bench/venv/bin/python || $(UV) venv -q --python $(BIN)/python .bench/venv
	@$(UV) pip install -q --compile-bytecode --python .bench/venv/bin/python \
	    -b constraints.txt -c constraints.txt -e '.[bench]'
	@touch $@

clean:
	rm -rf build dist demo-report .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage *.egg-info
	find bayesmixed tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .bench .fuzz .tools
