# For readers: make lab, make test. For authors and teachers: the rest; `make help` lists all.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Colab's versions live in an environment of their own, with Colab's Python.
COLAB_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13) python3.13)
COLAB_VENV   ?= .venv-colab
COLAB_READY  := $(COLAB_VENV)/.ready
ALL          := $(patsubst notebooks/%.ipynb,%,$(wildcard notebooks/*.ipynb))
# Where `make lab` puts the reader's own copies, and further options for JupyterLab.
WORKBOOK    ?= workbook
LAB_OPTIONS ?=
MINUTES     ?= 90
# Caches and checkpoints of test runs stay in an ignored folder of the checkout.
TEST_ENV := GENAI_HOME=$(CURDIR)/.genai GENAI_QUIET=1

.PHONY: help lab test test-colab notebooks badges wheel html path

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python {v[0]}.{v[1]} found, 3.11 to 3.13 needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[lab,test]"
	touch $@

lab: $(READY)  ## your own copies of the notebooks, in JupyterLab
	$(BIN)/python tools/workbook.py "$(WORKBOOK)"
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir="$(WORKBOOK)" \
	    --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_OPTIONS)

test: $(READY)  ## unit tests, every notebook, every notebook in a browser
	$(BIN)/ruff check .
	$(TEST_ENV) $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
	    --nbval-kernel-startup-timeout=120 --durations=15 tests notebooks

$(COLAB_READY): constraints-colab.txt
	$(COLAB_PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v == (3, 13) else f"Python {v[0]}.{v[1]} found, Colab has 3.13: make test-colab COLAB_PYTHON=...")'
	$(COLAB_PYTHON) -m venv $(COLAB_VENV)
	$(COLAB_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement constraints-colab.txt
	touch $@

test-colab: $(COLAB_READY)  ## unit tests and notebooks on Colab's versions; NOTEBOOKS="02_gan_math ..." for some
	$(TEST_ENV) CI= PYTHONPATH=$(CURDIR) GENAI_COLAB="$(or $(NOTEBOOKS),$(ALL))" $(COLAB_VENV)/bin/python -m pytest \
	    --durations=15 tests --ignore=tests/test_jupyterlab.py --ignore=tests/test_html.py

notebooks: $(READY)  ## run the notebooks as their author: outputs, recorded numbers, minutes; NOTEBOOKS="..." for some
	$(TEST_ENV) $(BIN)/python tools/run_notebooks.py $(NOTEBOOKS)

badges: $(READY)  ## REPO=owner/name TAG=v1.0 [WHEEL=address]: badges and set-up cells for Colab
	$(BIN)/python tools/badges.py $(if $(REPO),--repo "$(REPO)") $(if $(TAG),--tag "$(TAG)") $(if $(WHEEL),--wheel "$(WHEEL)")
	$(BIN)/python tools/readme_tables.py

wheel: $(READY)  ## dist/*.whl, to upload to Colab when the repository is private
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

html: $(READY)  ## every notebook as a page in html/, to be read offline; NOTEBOOKS="..." for some
	$(BIN)/python tools/export_html.py $(if $(TO),--to "$(TO)") $(NOTEBOOKS)

path: $(READY)  ## MINUTES=90: the core sections that fit into a session; NOTEBOOKS="..." to choose from some
	@$(BIN)/python tools/session_path.py --minutes "$(MINUTES)" $(NOTEBOOKS)
