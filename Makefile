# Two commands for readers: make lab, make test. One for authors: make notebooks.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Caches and checkpoints of test runs stay in an ignored folder of the checkout.
TEST_ENV := GENAI_HOME=$(CURDIR)/.genai GENAI_QUIET=1

.PHONY: lab test notebooks

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python {v[0]}.{v[1]} found, 3.11 to 3.13 needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[lab,test]"
	touch $@

lab: $(READY)
	$(BIN)/python tools/workbook.py
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir=workbook \
	    --LabApp.default_url=/lab/tree/00_start_here.ipynb

test: $(READY)
	$(BIN)/ruff check .
	$(TEST_ENV) $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
	    --nbval-kernel-startup-timeout=120 --durations=15 tests notebooks

# Run the notebooks as an author: outputs, recorded numbers and measured minutes are written.
notebooks: $(READY)
	$(TEST_ENV) $(BIN)/python tools/run_notebooks.py $(NOTEBOOKS)
