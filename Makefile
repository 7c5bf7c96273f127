# Everything a newcomer needs: `make demo`, `make test`. Needs Python 3.11+ with venv, and make.
.DEFAULT_GOAL := help
.PHONY: help demo up stop status install test check types rules fix bench lock browser clean
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
# One start of the demonstration runs a dozen Python programs: they share what one has compiled.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV_VERSION := 0.13.9

# Settings for checks that start no service: a production-like site without a database.
CHECK_ENV := SECRET_KEY=only-for-checks-0f8c1d7ea94b52630d9be7a15c4f28e6d0b3a97c58e1 \
  FIELD_KEYS=b25seS1mb3ItY2hlY2tzLW5vdC1hLXNlY3JldC1rZXk= \
  BASE_URL=https://tokenops.example ALLOWED_HOSTS=tokenops.example

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.installed ## Start everything with the demonstration organization
	@$(BIN)/python -m tokenops.run demo

up: .venv/.installed ## Start everything on an empty database (yours, at later starts)
	@$(BIN)/python -m tokenops.run up

stop: .venv/.installed ## Stop what `make demo` or `make up` started
	@$(BIN)/python -m tokenops.run stop

status: .venv/.installed ## List the running processes
	@$(BIN)/python -m tokenops.run status

test: .venv/.installed-dev browser ## Run all tests (starts its own PostgreSQL and Valkey)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.installed-dev ## Format, lint, types, layers, templates, migrations, deploy checks
	@$(MAKE) --jobs 2 --output-sync=target types rules
	@echo "All checks passed."

types:
	@$(BIN)/mypy --no-error-summary apps tokenops

rules:
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "Run 'make fix'."; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/lint-imports --no-logo --verbose >.venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/djhtml --check --tabwidth 2 templates || { echo "Run 'make fix'."; exit 1; }
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	@$(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING

fix: .venv/.installed-dev ## Format the code and fix what can be fixed
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djhtml --tabwidth 2 templates || true

bench: .venv/.installed-dev ## Measure speed and write the figures into docs/performance.md
	@$(BIN)/python -m benchmarks

install: .venv/.installed-dev ## Create .venv with everything, development tools included

lock: .venv/.created ## Pin the full set of dependencies again, after a change in pyproject.toml
	@$(PIP) install uv==$(UV_VERSION)
	@bash .ci/lock $(BIN)/uv

clean: ## Stop the tests' servers and delete their data and all caches (keeps var/ otherwise)
	@test ! -x $(BIN)/python || $(BIN)/python -m tokenops.run.testing stop || true
	@rm -rf var/test .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

browser:
	@bash .ci/browser

.venv/.created:
	@bash .ci/venv $(PYTHON)

.venv/.installed: requirements.txt | .venv/.created
	@echo "Installing dependencies into .venv (once) ..."
	@$(PIP) install --require-hashes --no-deps --requirement requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/.created
	@echo "Installing dependencies and development tools into .venv (once) ..."
	@$(PIP) install --require-hashes --no-deps --requirement requirements-dev.txt
	@touch .venv/.installed $@
