# Plain targets. `make demo` and `make test` need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
# What is installed is named by the content of what decides it, so a stamp tells whether to install again.
INSTALLED := $(VENV)/installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)

.PHONY: demo test properties lint docs bench tables anchors clean

demo: $(INSTALLED)
	$(VENV)/bin/python benchmarks/run.py --stream text-image --data embedded --recipe quick --seeds 1

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest

# Every property with 50 times the examples: half an hour and more.
properties: $(INSTALLED)
	$(VENV)/bin/python -m pytest -m hypothesis --hypothesis-profile=thorough --timeout 3600

lint: $(INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The site, in build/site; a warning is a failure.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

# Rewrite the tables and figures of README and docs from the committed results.
tables: $(INSTALLED)
	$(VENV)/bin/python benchmarks/tables.py

# Published experiments on real data, against the published numbers: hours on two cores.
anchors: $(INSTALLED)
	$(VENV)/bin/chaoscl reproduce

bench: $(INSTALLED)
	$(VENV)/bin/python benchmarks/speed.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

$(INSTALLED):
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	rm -f $(VENV)/installed-*
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
