# For readers: make lab, make test. For authors and teachers: the rest; `make help` lists all.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# The same environment with what tests and pages need as well.
READY_AUTHOR := $(VENV)/.ready-author
# Colab's versions live in an environment of their own, with Colab's Python.
COLAB_PYTHON ?= python3.13
COLAB_VENV   ?= .venv-colab
COLAB_READY  := $(COLAB_VENV)/.ready
ALL          := $(patsubst notebooks/%.ipynb,%,$(wildcard notebooks/*.ipynb))
# Where `make lab` puts the reader's own copies, and further options for JupyterLab.
WORKBOOK    ?= workbook
LAB_OPTIONS ?=
MINUTES     ?= 90
# What `make check` leaves out, as it opens a browser.
BROWSER     := --ignore=tests/test_jupyterlab.py --ignore=tests/test_site.py
PIP         := -m pip install --quiet --disable-pip-version-check
# Caches and checkpoints of an author's runs stay in an ignored folder of the checkout.
AUTHOR_ENV  := GENAI_HOME=$(CURDIR)/.genai GENAI_QUIET=1
NBVAL       := --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120

.PHONY: help lab check test lab-test test-colab notebooks profile twice badges wheel site path progress

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile

$(READY): pyproject.toml constraints.txt
	@# An environment that works is kept: another PYTHON than the one it was made with would spoil it.
	$(BIN)/python -c 'import pip, ssl' 2>/dev/null || { \
	    $(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python {v[0]}.{v[1]} found, 3.11 to 3.13 needed: make PYTHON=python3.12 ...")' && \
	    $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python $(PIP) --constraint constraints.txt --editable ".[lab]"
	touch $@

$(READY_AUTHOR): $(READY)
	$(BIN)/python $(PIP) --constraint constraints.txt --editable ".[lab,test,site,hub]"
	touch $@

lab: $(READY)  ## your own copies of the notebooks, in JupyterLab
	$(BIN)/python tools/workbook.py "$(WORKBOOK)"
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir="$(WORKBOOK)" \
	    --LabApp.default_url=/lab/tree/00_start_here.ipynb $(LAB_OPTIONS)

check: $(READY_AUTHOR)  ## a few minutes: lint, format, unit tests; no notebook is run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --durations=10 tests $(BROWSER)

test: $(READY_AUTHOR)  ## everything: lint, unit tests, every notebook, the pages, the notebooks due in a browser
	$(MAKE) check BROWSER=--ignore=tests/test_jupyterlab.py
	$(BIN)/python -m pytest --durations=5 tests/test_jupyterlab.py
	$(BIN)/python -m pytest -p tests.one_run $(NBVAL) notebooks

lab-test: $(READY_AUTHOR)  ## every notebook in JupyterLab in a browser; NOTEBOOKS="02_gan_math ..." for some
	GENAI_BROWSER="$(or $(NOTEBOOKS),$(ALL))" $(BIN)/python -m pytest tests/test_jupyterlab.py

$(COLAB_READY): constraints-colab.txt
	$(COLAB_PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v == (3, 13) else f"Python {v[0]}.{v[1]} found, Colab has 3.13: make test-colab COLAB_PYTHON=...")'
	$(COLAB_PYTHON) -m venv $(COLAB_VENV)
	$(COLAB_VENV)/bin/python $(PIP) --requirement constraints-colab.txt
	touch $@

test-colab: $(COLAB_READY)  ## every notebook on Colab's versions; NOTEBOOKS="02_gan_math ..." for some
	CI= PYTHONPATH=$(CURDIR) GENAI_COLAB="$(or $(NOTEBOOKS),$(ALL))" $(COLAB_VENV)/bin/python -m pytest \
	    --durations=5 tests/test_colab.py

notebooks: $(READY_AUTHOR)  ## run the notebooks as their author: outputs, recorded numbers, minutes; NOTEBOOKS="..." for some
	$(AUTHOR_ENV) $(BIN)/python tools/run_notebooks.py record $(NOTEBOOKS)

profile: $(READY_AUTHOR)  ## copies of the notebooks with a GPU's settings, on any machine; NOTEBOOKS="..." for some
	$(AUTHOR_ENV) $(BIN)/python tools/run_notebooks.py gpu $(NOTEBOOKS)

twice: $(READY_AUTHOR)  ## copies of the notebooks with every cell run twice in a row; NOTEBOOKS="..." for some
	$(AUTHOR_ENV) $(BIN)/python tools/run_notebooks.py twice $(NOTEBOOKS)

badges: $(READY)  ## REPO=owner/name TAG=v1.0 [WHEEL=address]: badges and set-up cells for Colab
	$(BIN)/python tools/badges.py $(if $(REPO),--repo "$(REPO)") $(if $(TAG),--tag "$(TAG)") $(if $(WHEEL),--wheel "$(WHEEL)")
	$(BIN)/python tools/readme_tables.py

wheel: $(READY)  ## dist/*.whl, to upload to Colab when the repository is private
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

site: $(READY_AUTHOR)  ## the course as web pages in site/, to be read without a network
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs site

path: $(READY)  ## MINUTES=90 [NOTEBOOKS="..."]: the core sections that fit; or AGENDA=two_days, AGENDA=half_day FAMILY=gan
	@$(BIN)/python tools/session_path.py $(if $(AGENDA),agenda $(AGENDA) $(FAMILY),"$(MINUTES)" $(NOTEBOOKS))

progress: $(READY)  ## FOLDER=/shared/class: who has solved which exercise, from a class's progress files
	@$(BIN)/python tools/progress.py "$(FOLDER)"
