# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.synced
RUFF_PATHS := src tests bench examples

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench docs examples

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## create .venv with everything pinned in uv.lock; .venv/bin/procession is the command

$(STAMP): pyproject.toml uv.lock scripts/setup.sh
	@scripts/setup.sh

demo: setup ## analyse the bundled examples, print the table, write page pictures with boxes to demo-output/
	@scripts/demo.sh

lint: setup ## ruff, formatting, strict types, import layers
	$(BIN)/ruff check -q $(RUFF_PATHS)
	$(BIN)/ruff format -q --check $(RUFF_PATHS)
	$(BIN)/mypy --no-error-summary
	@out=$$($(BIN)/lint-imports --no-cache) || { echo "$$out"; exit 1; }

format: setup ## rewrite the source in the one format
	$(BIN)/ruff check -q --fix $(RUFF_PATHS)
	$(BIN)/ruff format -q $(RUFF_PATHS)

test: setup ## system packages (through apt when root), lint, then every test; under 20 minutes on 2 cores
	@scripts/system_packages.sh
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n 2 --dist loadgroup

bench: setup ## the quick benchmarks; `.venv/bin/python -m bench NAME` runs one in full
	$(BIN)/python -m bench overhead --quick
	$(BIN)/python -m bench latency --quick
	$(BIN)/python -m bench digitize --quick

docs: setup ## rewrite the generated parts of docs/reference, then check every page
	$(BIN)/python -m tests.docs.generate
	$(BIN)/pytest tests/docs

examples: setup ## draw the example PDFs again
	$(BIN)/python -m examples.make_examples
