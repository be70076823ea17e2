# Run the programs of this project, and the checks a contributor runs. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
           --no-header --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)
# Renamed whenever what is installed would change, so that a second `make` needs neither time nor network.
INSTALLED := .venv/.installed-$(shell cat pyproject.toml setup.py requirements/*.txt | cksum | tr ' ' '-')

.PHONY: help setup up test lint fix bench nightly lock docs page wheel browser redis

help: ## List the targets.
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo; echo '  .venv/bin/convo --help lists the commands of the project itself.'

setup: $(INSTALLED) ## Make `.venv` with the command `convo` in it, and prepare the offline models.
	@$(BIN)/convo prepare

$(INSTALLED):
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/uv --version >/dev/null 2>&1 \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@echo "Installing what requirements/dev.txt lists into .venv"
	@$(UV) --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(UV) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q framework plugins
	@rm -f .venv/.installed-*
	@touch $@

up: setup ## Start everything on this machine and print the page's address.
	@$(BIN)/convo up

test: setup browser redis ## Run every check: style, types, layers, tests.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/convo check
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: $(INSTALLED) ## Run the checks that need no test run.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/convo check

fix: $(INSTALLED) ## Mend what can be mended by a program.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup redis ## Measure the ratios the project promises to keep.
	@$(BIN)/python -m benchmarks

nightly: setup browser redis ## Run the long tests.
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest --timeout 3600 -m nightly

lock: $(INSTALLED) ## Renew requirements/*.txt from pyproject.toml; `make lock UPGRADE=1` takes newer releases.
	@echo 'uv' | $(COMPILE) - --constraint requirements/dev.txt --output-file requirements/uv.txt
	@$(COMPILE) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/base.txt
	@$(COMPILE) pyproject.toml $(addprefix --extra ,runtime offline kubernetes openai elevenlabs deepgram) \
	  --constraint requirements/dev.txt --output-file requirements/image.txt

docs: $(INSTALLED) ## Write docs/reference and docs/schema from the sources.
	@$(BIN)/python -m docs.generate

page: ## Build the page again from its sources; needs Node.
	@cd framework/web/page && npm ci --no-audit --no-fund && npm run build

wheel: $(INSTALLED) ## Build the wheel into dist/.
	@rm -rf build
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .
	@ls dist/*.whl

browser: # The page's tests drive Debian's Chromium.
	@$(call debian,chromium,chromium fonts-liberation,The page's tests drive Chromium)

redis: # The control plane's tests run real Redis servers of their own.
	@$(call debian,redis-server,redis-server,The control plane's tests run Redis)

# Installs packages unless a command is there: (command, packages, why).
define debian
command -v $(1) >/dev/null && exit 0; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "$(3): installing $(2)"; \
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null; \
else \
  echo "$(3), which is not installed. Run: sudo apt-get install $(2)" >&2; exit 1; \
fi
endef
