# Two commands do for most days: `make run` and `make test`. `make help` lists the rest.

VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := $(VENV)/bin/python
NICE ?=
PYTEST_ARGS ?=
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help install install-dev run demo-reset test test-full test-browser test-server check bench validate assets

help: ## List what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Uplift needs Python 3.11; say where it is with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing (on Debian: apt-get install python3-venv)."; exit 1; }

# What was installed is kept beside it, so that unchanged requirements install nothing.
install: $(PY)
	@cmp -s requirements.txt $(VENV)/requirements.installed || { \
	  echo "Installing what Uplift needs (about half a minute) ..."; \
	  $(PY) -m pip install -qq --disable-pip-version-check --no-input -r requirements.txt && \
	  cp requirements.txt $(VENV)/requirements.installed; }

install-dev: install
	@cat requirements.txt requirements-dev.txt | cmp -s - $(VENV)/requirements-dev.installed || { \
	  echo "Installing what the tests and checks need ..."; \
	  $(PY) -m pip install -qq --disable-pip-version-check --no-input -r requirements-dev.txt && \
	  cat requirements.txt requirements-dev.txt > $(VENV)/requirements-dev.installed; }

run: install ## Start the site, its worker and its sweeper on 127.0.0.1:$PORT (8000)
	@exec $(PY) manage.py serve

demo-reset: install ## Throw away the local data (asks first; YES=1 does not)
	@exec $(PY) manage.py demo_reset $(if $(YES),--yes)

test: install-dev ## The test suite, embedded, without browser tests; under 6 minutes
	$(NICE) $(PY) -m pytest -n 2 $(PYTEST_ARGS) tests

test-full: install-dev node_modules ## Every test, whole, browser included
	$(NICE) $(PY) -m pytest -n 2 --full --browser $(PYTEST_ARGS) tests

test-browser: install-dev node_modules ## The tests in a real browser
	$(NICE) $(PY) -m pytest -m browser $(PYTEST_ARGS) tests

TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/uplift
TEST_REDIS_URL ?= redis://127.0.0.1:6379/15
# The engine's own tests know no database (an architecture test holds the engine to that): once, in `make test`, is enough.
test-server: install-dev ## The suite on PostgreSQL and Redis, but for the engine's own tests
	DATABASE_URL=$(TEST_DATABASE_URL) REDIS_URL=$(TEST_REDIS_URL) $(NICE) $(PY) -m pytest -n 2 $(PYTEST_ARGS) \
	  --ignore=tests/golden --ignore=tests/unit/stats tests

check: install-dev ## Lint, format, types, templates, security, settings, migrations, architecture
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/djlint --lint --quiet templates
	@# ruff's S rules judge every finding, each excused where it stands; this is the second pair of eyes on grave ones
	$(VENV)/bin/bandit -q -lll -r config evaluations evidence
	$(PY) manage.py check --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m pytest tests/test_architecture.py

bench: install-dev ## Speed and memory, beside other packages
	$(PY) -m benchmarks

validate: install-dev ## Write the validation page: every reference number beside ours
	$(PY) -m benchmarks.validation

assets: node_modules ## Build static/css and static/js from assets/ (needs Node; the result is committed)
	npm run --silent build

node_modules: package.json package-lock.json ## Node packages: the style sheet's source and the accessibility checker
	npm ci --no-audit --no-fund
	@touch node_modules
