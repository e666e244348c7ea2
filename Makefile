# Every target sets up what it needs in .venv; nothing is installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
SEEDS ?= 0-199

.PHONY: setup demo test lint crash soak soak-daemon fuzz oracle bench image-check generate clean

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		--config-settings editable_mode=compat -e '.[dev]'
	$(BIN)/python -m compileall -q reconciler
	touch $@

setup: $(VENV)/.ready

test: setup
	$(BIN)/python -m pytest -n $(WORKERS)

demo: setup
	$(BIN)/python -m reconciler.demo

soak: setup
	SOAK=$(SEEDS) $(BIN)/python -m pytest tests/crash/test_soak.py -n $(WORKERS)

crash: setup
	CRASH=every-call $(BIN)/python -m pytest tests/crash -n $(WORKERS)

oracle: setup
	ORACLE_SEEDS=1000 $(BIN)/python -m pytest tests/oracle -n $(WORKERS)

bench: setup
	@met=0; for one in bench flows alerts daemon; do \
		PYTHONPATH=tests/engine $(BIN)/python benchmarks/$$one.py || met=1; done; exit $$met

image-check: setup
	.ci/image-check

# A million inputs to the loader and the validator, in forty parts.
fuzz: setup
	FUZZ=25000 $(BIN)/python -m pytest tests/load/test_fuzz.py -n $(WORKERS)

soak-daemon: setup
	$(BIN)/python tests/daemon/soak.py --stacks 50 --rounds 60

generate: setup
	$(BIN)/reconciler crds --out-dir crds-like

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build *.egg-info
