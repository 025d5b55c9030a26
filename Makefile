# Verbs of this project; `make help` lists them. Everything is kept in .venv/ (packages) and var/ (data).
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all:
LOCK := $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
LOCAL := 127.0.0.1
DEMO := "$${DATA_DIR:-var}"
PYTEST := $(BIN)/pytest
QUICK := -q -n 2 --dist worksteal -m "not slow and not postgres and not redis and not browser"
# On SQLite, and each module compiled once: where Python may keep nothing, every run compiles all tests anew.
ALONE := -u DATABASE_URL -u REDIS_URL -u PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
# What the pages' sentences are gathered from; the catalogue of refusals stays English.
# Refusals that no page of ours meets (ON_PAGES of ordersite/core/catalogue has the others).
ENGLISH := arranging capacity checkout money outgoing paying personal
TOLD := --no-obsolete --no-wrap --add-location file --ignore "templates/admin/*" --ignore "tests/*" $(ENGLISH:%=--ignore "ordersite/core/catalogue/%.py") --ignore "var/*" --ignore ".venv/*"
LANGUAGES := -l fr -l nl -l es

.PHONY: help run fresh test coverage check promises load lab bench lock messages worker clean python port

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

run: python port .venv/.run  ## start the site with demo data on http://127.0.0.1:8000 (PORT=…); asks nothing
	@mkdir -p $(DEMO) && exec 9< $(DEMO) && $(PYTHON) ordersite/web/data_folder.py run $(DEMO) 9 && \
	echo "Making the database, or bringing it up to date (the first time some minutes on a slow machine) …" && \
	$(BIN)/python manage.py migrate --verbosity 0 && \
	$(BIN)/python manage.py load_demo && \
	echo "Starting the site: it can be opened once it says “Serving on” …" && \
	SIMULATE=$${SIMULATE:-1} exec $(BIN)/python manage.py serve --port $(PORT)

fresh:  ## forget the demo, its orders and pictures too: the next `make run` loads it anew (stop it first)
	@$(PYTHON) ordersite/web/data_folder.py fresh $(DEMO)
	@rm -rf $(DEMO)/ordersite.sqlite3* $(DEMO)/media $(DEMO)/private $(DEMO)/static $(DEMO)/feed-mark.json

test: python .venv/.test  ## the quick tests, on SQLite
	@env $(ALONE) $(PYTEST) $(QUICK)

coverage: PYTEST := $(BIN)/coverage run -m pytest
coverage: test  ## the quick tests, and how much of each package they run
	@$(BIN)/coverage combine -q && $(BIN)/python -m tests.sources.coverage_report

check: python .venv/.test  ## style, types, direction of imports, migrations, API schema, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/lint-imports | tail -n +11
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python manage.py check
	$(BIN)/python manage.py lifecycle_docs --check
	$(BIN)/python -m tests.dialects.page --check
	$(BIN)/python -m tests.promises.rights_page --check
	$(BIN)/python -m tests.promises.page --check
	$(BIN)/python -m tests.tracking.monitoring_page --check

promises: python .venv/.test  ## the tests of docs/promises.md at full size, on PostgreSQL and Redis (DATABASE_URL, REDIS_URL)
	@DATABASE_URL=$${DATABASE_URL:-postgres://$$(id -un)@$(LOCAL):5432/$$(id -un)} \
	REDIS_URL=$${REDIS_URL:-redis://$(LOCAL):6379/0} \
	PROMISES_FULL=1 $(BIN)/pytest tests/promises -q --no-header

load: python .venv/.run  ## place and move on orders at a site, and report: URL=… RATE=orders a minute SECONDS=…
	@$(if $(URL),,$(BIN)/python manage.py load --settle &&) \
	exec $(BIN)/python manage.py load --url "$(or $(URL),http://$(LOCAL):$(PORT))" --rate $(or $(RATE),60) --seconds $(or $(SECONDS),60)

lab: python .venv/.test  ## twelve hosts under load, of which one after the other dies (as root; DATABASE_URL, REDIS_URL)
	@DATABASE_URL=$${DATABASE_URL:-postgres://$$(id -un)@$(LOCAL):5432/$$(id -un)} \
	REDIS_URL=$${REDIS_URL:-redis://$(LOCAL):6379/0} \
	PROMISES_FULL=1 $(BIN)/pytest tests/promises/test_p28_hosts_may_die.py -q --no-header

bench: python .venv/.test  ## measure speed against its floors
	@$(BIN)/python -m benchmarks

lock: python .venv/.test  ## write requirements.txt and tests/requirements.txt anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(LOCK) --output-file requirements.txt pyproject.toml
	@$(LOCK) --extra test --constraint requirements.txt --output-file tests/requirements.txt pyproject.toml

messages: python .venv/.test  ## gather the pages' sentences into locale/, and compile what is translated (needs GNU gettext)
	@$(BIN)/python manage.py makemessages $(LANGUAGES) $(TOLD)
	@$(BIN)/python manage.py makemessages -d djangojs $(LANGUAGES) $(TOLD) --ignore "static/admin*"
	@$(BIN)/python manage.py compilemessages -v 0

worker: python .venv/.run  ## deadlines and retention; `make run` already has one inside
	@exec $(BIN)/python manage.py worker

clean:  ## remove .venv/ and caches; the data in var/ stays (`make fresh` removes it)
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the verbs stand on.

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12 run." % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Install python3-venv: apt-get install python3-venv."; exit 1; }

port:
	@$(PYTHON) ordersite/web/ports.py "$(PORT)"

# Stamps: a second start installs nothing while the list has not changed. The tests' list holds the other one.
.venv/.run: requirements.txt
	@test -x $(BIN)/python || { echo "Making .venv …"; $(PYTHON) -m venv .venv; }
	@echo "Installing packages into .venv (once, about a minute) …"
	@$(PIP) -r requirements.txt || { echo "The packages could not be installed; the lines above say why. Run it again when that is put right."; exit 1; }
	@touch $@

.venv/.test: tests/requirements.txt
	@test -x $(BIN)/python || { echo "Making .venv …"; $(PYTHON) -m venv .venv; }
	@echo "Installing packages for the tests into .venv (once, about a minute) …"
	@$(PIP) -r tests/requirements.txt || { echo "The packages could not be installed; the lines above say why. Run it again when that is put right."; exit 1; }
	@touch $@ .venv/.run
