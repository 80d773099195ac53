# `make` alone lists the targets. A fresh machine needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

# The first Python here that is new enough and starts (a pyenv shim may not).
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
PY := $(BIN)/python
STAMP := .venv/.installed
# What `make ci` tests against besides SQLite.
CI_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/postgres
CI_REDIS_URL ?= redis://127.0.0.1:6379/9
# Processes of the test suite, and further arguments for pytest. Each costs ten seconds of processor
# time before its first test; a third one works while others wait on two cores. Whatever the shell
# says, they and those that they start keep what they compile: else each of them compiles all of it.
TEST_PROCESSES ?= 3
PYTEST_ARGS ?=
# Tests in processes or files of their own, whose subject no database is: `make ci` runs them once.
ONCE := $(foreach name,background delivery docs environment epoll_worker first_start framing kubernetes load migrations \
	monitoring new_app nginx nginx_photos nginx_start nodes pluggability repository smoke,--ignore=tests/test_$(name).py)
COMPOSE ?= docker compose
# The apps that are here, core and users among them.
APPS := $(patsubst %/apps.py,%,$(sort $(wildcard */apps.py)))

.PHONY: help
help: ## Print every target with one line
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  %-20s %s\n", $$1, $$2}'

# --- Getting ready ------------------------------------------------------------------------------
$(STAMP): Pipfile.lock scripts/lock.py
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found. Install one, or say make PYTHON=/path/to/python3." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) scripts/lock.py requirements --dev > .venv/locked.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/locked.txt
	@touch $@

.env: .env.example scripts/dotenv.py
	@$(PYTHON) scripts/dotenv.py
	@touch $@

.PHONY: install install-local
install: $(STAMP) .env ## Make .venv from the lock file and .env from .env.example
install-local: install ## The same as install

# --- Running ------------------------------------------------------------------------------------
.PHONY: run prepare migrate create-superuser demo
# In a terminal the log is for people, unless LOG_FORMAT says otherwise. Only here is the terminal seen:
# honcho gives its processes pipes. The times that it puts before each line are TIME_ZONE's, as ours are.
run: install ## Start web, worker, beat and the sandbox on port 9050 (Ctrl-C stops all)
	@if test -t 1 && test -z "$$LOG_FORMAT" && ! grep -q '^LOG_FORMAT=' .env; then export LOG_FORMAT=text; fi; \
	if test -t 1 && test -z "$$NO_COLOR" && test "$$TERM" != dumb; then colour=; \
	else colour=--no-colour; export DJANGO_COLORS=nocolor; fi; \
	$(PY) manage.py prepare --demo || exit; \
	test -n "$$colour" || export FORCE_COLOR=1; \
	port="$${PORT:-$$(sed -n 's/^PORT=//p' .env)}"; port="$${port:-9050}"; \
	export SANDBOX_PORT="$${SANDBOX_PORT:-$$(sed -n 's/^SANDBOX_PORT=//p' .env)}"; \
	export SANDBOX_PORT="$${SANDBOX_PORT:-$$((port + 1))}"; \
	export PUBLIC_URL="$${PUBLIC_URL:-$$(sed -n 's/^PUBLIC_URL=//p' .env)}"; \
	export PUBLIC_URL="$${PUBLIC_URL:-http://127.0.0.1:$$port}"; \
	export TZ="$${TIME_ZONE:-$$(sed -n 's/^TIME_ZONE=//p' .env)}"; \
	exec $(BIN)/honcho -e /dev/null $$colour start -p "$$port"

prepare: install ## Migrate, make the first administrator and the demo data
	@$(PY) manage.py prepare --demo

migrate: install ## Make migrations for changed models and apply them
	@$(PY) manage.py makemigrations
	@$(PY) manage.py migrate

create-superuser: install ## Make an administrator, asking for e-mail and password
	@$(PY) manage.py createsuperuser

demo: install ## Make the demo data (again changes nothing)
	@$(PY) manage.py demo

# --- Backups ------------------------------------------------------------------------------------
.PHONY: backup restore
backup: install ## Write database, media and list of keys into var/backups (BACKUP_ARGS="--to FILE")
	@$(PY) manage.py backup $(BACKUP_ARGS)

restore: install ## Restore FILE into an empty database (RESTORE_ARGS=--force replaces what is there)
	@test -n "$(FILE)" || { echo "make: say make restore FILE=var/backups/NAME.plaza" >&2; exit 2; }
	@$(PY) manage.py restore "$(FILE)" $(RESTORE_ARGS)

# --- Checking -----------------------------------------------------------------------------------
.PHONY: lint lint-fix types imports migrations-check schema schema-check messages messages-check
lint: install ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

lint-fix: install ## Repair what can be repaired of style and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: install ## Check types
	@$(BIN)/mypy config $(APPS) sandbox

imports: install ## Check who imports whom
	@$(PY) -m scripts.imports

migrations-check: install ## Fail when a model has no migration for its change
	@$(PY) manage.py makemigrations --check --dry-run

.PHONY: migrations-lint migrations-seal
migrations-lint: install ## Hold migrations to what a running release can live with (needs PostgreSQL)
	@DJANGO_SETTINGS_MODULE=config.settings.test DATABASE_URL="$(CI_DATABASE_URL)" $(PY) -m scripts.migrations lint

migrations-seal: install ## Write the new migrations' hashes: from then on they are never edited
	@$(PY) -m scripts.migrations seal

schema: install ## Write openapi.yaml from the code
	@$(PY) manage.py spectacular --validate --fail-on-warn --file openapi.yaml

schema-check: install ## Fail when openapi.yaml is not what the code says
	@$(PY) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	@diff -u openapi.yaml var/openapi.yaml || { echo "openapi.yaml is out of date. Run make schema." >&2; exit 1; }

.PHONY: contract-lint
contract-lint: install ## Hold openapi.yaml against the rules in redocly.yaml (needs node and npm)
	@$(PY) -m tests.clients --lint

.PHONY: docs erd
docs: schema erd messages ## Write everything that is made from the code: contract, diagrams, translations

erd: install ## Write docs/erd.md, the ER diagrams, from the models
	@$(PY) -m scripts.erd

messages: install ## Collect the texts to translate into core/locale/es and compile it
	@$(PY) -m scripts.messages

messages-check: install ## Fail when a text is not translated into Spanish
	@$(PY) -m scripts.messages --check

.PHONY: tests coverage-report ci
tests: install ## Run the suite on SQLite (with DATABASE_URL and REDIS_URL set: on those)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal $(PYTEST_ARGS)

coverage-report: install ## Run the suite and show what no test runs
	@$(BIN)/coverage run --parallel-mode -m pytest $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

ci: install ## Everything that the pipeline checks, on SQLite and on PostgreSQL with Redis
	@$(PY) scripts/reachable.py "$(CI_DATABASE_URL)" "$(CI_REDIS_URL)"
	@for target in lint types imports migrations-check migrations-lint schema-check contract-lint messages-check; do echo "== $$target"; $(MAKE) --no-print-directory $$target || exit 1; done
	@if command -v nginx >/dev/null || test -x /usr/sbin/nginx; then echo "== smoke"; $(MAKE) --no-print-directory smoke; else echo "== smoke: left out, nginx is not installed"; fi
	@echo "== tests on SQLite"
	@DATABASE_URL= REDIS_URL= CELERY_BROKER_URL= $(MAKE) --no-print-directory tests
	@echo "== tests on PostgreSQL and Redis"
	@DATABASE_URL="$(CI_DATABASE_URL)" REDIS_URL="$(CI_REDIS_URL)" $(MAKE) --no-print-directory tests PYTEST_ARGS="$(PYTEST_ARGS) $(ONCE) --validate-answers"

.PHONY: smoke
smoke: install ## Restart, kill and hang nodes behind nginx under load (needs nginx)
	@$(PY) -m scripts.smoke

.PHONY: drill
drill: install ## Break databases, brokers and disks under load (ACT=failover; DRILL_ARGS=--list)
	@PYTHONDONTWRITEBYTECODE= $(PY) -m scripts.drill $(DRILL_ARGS) $(ACT)

.PHONY: pooled
pooled: install ## Work behind a real PgBouncer (unpacks Debian's package when it is not installed)
	@CI_DATABASE_URL="$(CI_DATABASE_URL)" DATABASE_URL= REDIS_URL= $(PY) -m tests.pooled $(PYTEST_ARGS)

# What the apps bring beside their suites: programs that others wrote, and histories at random.
.PHONY: browser clients fuzz
browser: install ## Let Chromium use the admin, Swagger UI and a front end elsewhere (needs its driver; npm for axe)
	@$(PY) -m tests.browser

# A generator's own packages are in an environment of their own, so that nobody else installs them.
CLIENTS_STAMP := var/clients/.installed
$(CLIENTS_STAMP): tests/clients/requirements.txt
	@test -x var/clients/venv/bin/python || $(PYTHON) -m venv var/clients/venv
	var/clients/venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

clients: install ## Let generated clients, and RxDB on a bad network, work with Plaza (needs node and npm)
	@if command -v node >/dev/null && command -v npm >/dev/null; then $(MAKE) --no-print-directory $(CLIENTS_STAMP); fi
	@$(PY) -m tests.clients
	@for app in $(patsubst %/tests/clients/__main__.py,%,$(wildcard */tests/clients/__main__.py)); do \
		$(PY) -m $$app.tests.clients || exit 1; done

fuzz: install ## Try 2,000 random histories of phones and network (FUZZ_SEED=… repeats them)
	@seed="$${FUZZ_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"; echo "FUZZ_SEED=$$seed"; \
	$(BIN)/pytest -p no:randomly --show-capture=no --hypothesis-seed="$$seed" $(wildcard */tests/test_model_*.py)

# --- Containers ---------------------------------------------------------------------------------
.PHONY: start stop-containers remove-containers
start: ## Build the image and start the containers: compose_build.sh
	@./compose_build.sh

stop-containers: ## Stop the containers; `make start` goes on with them
	@$(COMPOSE) --env-file .compose.env stop

remove-containers: ## Stop and remove the containers; data stays in the volumes
	@./compose_remove.sh

# --- Speed --------------------------------------------------------------------------------------
# The benchmark's own packages are in an environment of their own, so that nobody else installs them.
BENCH_STAMP := .venv-bench/.installed
$(BENCH_STAMP): Pipfile.lock scripts/lock.py
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@$(PYTHON) scripts/lock.py requirements --category benchmarks > .venv-bench/locked.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv-bench/locked.txt
	@touch $@

.PHONY: bench
bench: $(BENCH_STAMP) ## Measure beside FastAPI, Flask, plain DRF and Litestar (needs wrk, PostgreSQL and Redis; BENCH_ARGS=--quick)
	@.venv-bench/bin/python -m benchmarks.run $(BENCH_ARGS)

.PHONY: bench-admin
bench-admin: install ## Measure every page of the admin at 5,000,000 journal rows (needs PostgreSQL and Redis; 8 GB and some minutes, once)
	@$(PY) -m benchmarks.admin.run $(BENCH_ARGS)

.PHONY: growth
growth: $(BENCH_STAMP) ## Measure reads at 1, 10 and 100 times the rows (as `bench`; 4 GB, some minutes)
	@.venv-bench/bin/python -m benchmarks.growth $(BENCH_ARGS)

LOAD_STAMP := .venv-load/.installed
$(LOAD_STAMP): Pipfile.lock scripts/lock.py
	@test -x .venv-load/bin/python || $(PYTHON) -m venv .venv-load
	@$(PYTHON) scripts/lock.py requirements --category load > .venv-load/locked.txt
	.venv-load/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv-load/locked.txt
	@touch $@

.PHONY: load
load: $(LOAD_STAMP) ## Let 12,000 phones live through a day in ten minutes (needs PostgreSQL; LOAD_ARGS=--peak: its peak, and more; docs/load.md)
	@.venv-load/bin/python -m benchmarks.day $(LOAD_ARGS)

# --- Packages -----------------------------------------------------------------------------------
.PHONY: lock requirements sbom
sbom: install ## Write var/sbom.json: what the image contains, as CycloneDX
	@$(PY) scripts/sbom.py

lock: install ## Resolve Pipfile anew into Pipfile.lock (needs pipenv)
	@command -v pipenv >/dev/null || { echo "make: pipenv is missing: pip install pipenv" >&2; exit 1; }
	PIPENV_IGNORE_VIRTUALENVS=1 pipenv lock
	@$(PYTHON) scripts/lock.py tidy

requirements: install ## Write requirements.txt (with hashes) from the lock file
	@$(PY) scripts/lock.py requirements > requirements.txt
