# From python3 (3.11 or newer), pip and make alone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Tests wait for servers, so one process more than there are cores.
JOBS   ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Folders and files that exist already: the linters take them all as soon as they appear.
SOURCES := $(wildcard domain statemachines activities workflows perennial hosting cli worker.py starter.py)
CHECKED := $(SOURCES) $(wildcard tests benchmarks examples)

.DEFAULT_GOAL := help
.PHONY: help setup demo dev publisher test install-check chaos told sweep load production scenarios stories upgrades explore lives mutants bench lint format lock lock-check clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | sort

setup: $(STAMP) ## install the locked packages into .venv

# Reinstalled only when the lock changes. Hashes are required: the embedded server is a third party's repack.
$(STAMP): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older. Try: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(STAMP) ## play whole subscription lives on a real server
	@$(BIN)/python starter.py demo

dev: $(STAMP) ## a worker with an embedded server and the Web UI
	@$(BIN)/python worker.py --dev

publisher: $(STAMP) ## a publisher to look at: it is told, sets up, and misbehaves on demand
	@$(BIN)/python -m examples.publisher

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# Packages come from the registry as pyproject.toml asks for them, not from the lock: as for someone who installs it.
install-check: $(STAMP) ## install the wheel and its packages into an empty environment, and play the demo there
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(BIN)/python -m hatchling build -t wheel -d "$$scratch"; $(PYTHON) -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "$$scratch"/*.whl; \
	cd "$$scratch" && venv/bin/perennial demo

chaos: $(STAMP) ## 1,000 random subscription-years while everything is killed, locked, full and away: CHAOS="--seed 7"
	@$(BIN)/python -m tests.chaos $(CHAOS)

sweep: $(STAMP) ## five canonical lives, every activity call struck at every stage in every way: SWEEP="--life order"
	@$(BIN)/python -m tests.chaos.sweep $(SWEEP)

told: $(STAMP) ## tell 200 lives' events to a bad publisher while workers are killed
	PERENNIAL_CHAOS_LIVES=200 $(BIN)/python -m pytest tests/chaos/test_delivery.py

explore: $(STAMP) ## every command at every boundary instant, breadth first: EXPLORE="--depth 3 --minutes 20 --pack csp-2019"
	@$(BIN)/python -m tests.explore $(EXPLORE)

lives: $(STAMP) ## 1,000,000 random subscription-years with every invariant checked: LIVES="--of customers --years 10000"
	@$(BIN)/python -m tests.explore.lives $(LIVES)

mutants: $(STAMP) ## make careless changes to a copy of the product: a test must notice each
	@$(BIN)/python -m tests.mutants

load: $(STAMP) ## ten clients send a thousand commands over hand-overs, quiet and with twenty workers killed
	PERENNIAL_LOAD=full $(BIN)/python -m pytest -s tests/live/subscription/test_commands_under_load.py

production: $(STAMP) ## 2,000 subscriptions on the compose file's topology as plain processes, under harm: SUBSCRIPTIONS=300
	PERENNIAL_PRODUCTION=$(or $(SUBSCRIPTIONS),2000) $(BIN)/python -m pytest -s tests/live/production

scenarios: $(STAMP) ## live every scenario on a real server: each gives the simulator's document
	PERENNIAL_SCENARIOS=all $(BIN)/python -m pytest -n $(JOBS) tests/live/test_scenarios.py

stories: $(STAMP) ## follow the stories of docs/stories with all that move in
	PERENNIAL_STORIES=full $(BIN)/python -m pytest tests/cli/stories

upgrades: $(STAMP) ## move two hundred sleeping subscriptions to another build and back
	PERENNIAL_UPGRADES=full $(BIN)/python -m pytest -s tests/live/deployment/test_two_builds.py

bench: $(STAMP) ## every figure beside the bare engine's, in one table: BENCH="--only commands,memory --quick"
	@$(BIN)/python -m benchmarks $(BENCH)

lint: $(STAMP) lock-check ## style, types, layers, dependencies, dead code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CHECKED)
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture $(CHECKED)

format: $(STAMP) ## let ruff put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv only writes the locks, so it lives in a throwaway venv and nothing else needs it.
# The first lock is what the Dockerfile installs, with the extras. The second takes it as its constraint: tests run on
# exactly what is shipped. The third is what builds the wheel.
lock: ## write the locks anew from pyproject.toml
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch/uv"; "$$scratch/uv/bin/pip" install --quiet --disable-pip-version-check uv; \
	compile="$$scratch/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"; \
	$$compile $(UPGRADE) --extra postgres --extra tracing pyproject.toml -o requirements.lock; \
	$$compile $(UPGRADE) --extra dev --constraint requirements.lock pyproject.toml -o requirements-dev.lock; \
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
		$$compile --constraint requirements-dev.lock - -o requirements-build.lock
	@$(MAKE) --no-print-directory lock-check

lock-check: $(STAMP) ## do the locks satisfy pyproject.toml?
	$(BIN)/python -m pytest -q tests/project/test_lock.py

clean: ## remove what was built, not your data in var/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
