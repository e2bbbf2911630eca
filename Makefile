# Each target works alone on a fresh clone: it makes .venv, installs the tested versions, and does its work.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: bench test test-slow test-large check docs coverage format paper clean
.DELETE_ON_ERROR:

bench: .venv/.installed  ## every baseline on every dataset at the quick preset, then the tables
	$(BIN)/bench run --all

test: .venv/.installed-dev  ## the tests, under six minutes: two processes share them
	$(BIN)/python -m pytest -m "not slow and not large" -n 2 --dist worksteal

test-slow: .venv/.installed-dev  ## the tests that take long: a cluster, notebooks, training that must succeed
	$(BIN)/python -m pytest -m slow -n 2 --dist worksteal

test-large: .venv/.installed-dev  ## the memory that a million lines and 100,000 samples need: some ten minutes
	$(BIN)/python -m pytest -m large

check: .venv/.installed-dev  ## format, lint (with the law of imports), types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bench baselines datasets tests/shelf
	$(BIN)/pyright --warnings

docs: .venv/.installed-dev  ## the site of docs/ in site/; a link that leads nowhere is an error
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs site

coverage: .venv/.installed-dev  ## the lines that the tests do not reach, workers aside
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --show-missing --skip-covered

format: .venv/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

paper: .venv/.installed  ## the paper's settings: days on a laptop, resumed where it stopped
	$(BIN)/bench run --all --preset paper --data published

.venv/.installed: setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/.installed-dev: .venv/.installed
	$(PIP) --editable '.[dev,cluster,docs]'
	touch $@

clean:
	rm -rf .venv build site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
