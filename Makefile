# Two commands do everything:  make run   and   make test

PYTHON ?= python3
PORT ?= 7860
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
PGLITE := tests/stores/pglite

.PHONY: help run test check bench format browser clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/installed ## Set up, bring the index of corpus/ up to date, open the page on PORT
	@$(BIN)/tipsearch update || [ $$? -eq 7 ]
	@exec $(BIN)/tipsearch serve --port $(PORT)

test: $(VENV)/installed-dev $(PGLITE)/node_modules browser ## Set up and run every test
	$(BIN)/pytest

check: $(VENV)/installed-dev $(PGLITE)/node_modules browser ## Format, lint, types, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests app.py
	$(BIN)/pytest

bench: $(VENV)/installed-dev $(PGLITE)/node_modules ## Measure speed, stores and growth on DATA, a folder of retrieval sets
	@[ -n "$(DATA)" ] || { echo "make bench DATA=<folder with squad_paragraphs and cmu_wiki>" >&2; exit 2; }
	@mkdir -p build
	$(BIN)/python benchmarks/speed.py $(DATA)/squad_paragraphs --json build/speed.json
	PYTHONPATH=. $(BIN)/python benchmarks/stores.py $(DATA)/squad_paragraphs --json build/stores.json
	$(BIN)/python benchmarks/growth.py build/growth $(DATA)/cmu_wiki $(DATA)/squad_paragraphs \
	  --json build/growth.json --plot build/growth.svg

format: $(VENV)/installed-dev ## Format the code and mend what lint can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A CPU build of torch is a tenth of the size of the CUDA build that Linux gets by default.
# To have it: make run TORCH_INDEX=<the address of PyTorch's CPU wheels, from pytorch.org>
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "tipsearch needs Python 3.11 or later: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(if $(TORCH_INDEX),$(BIN)/python -m pip install -q -c constraints.txt torch --index-url $(TORCH_INDEX))
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@

# The tests of the PostgreSQL store run PGlite, which comes from npm.
$(PGLITE)/node_modules: $(PGLITE)/package.json
	@command -v npm > /dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	       && apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm > /dev/null; } \
	  || { echo "the tests need Node.js 18 or later, with npm" >&2; exit 1; }
	cd $(PGLITE) && npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@

browser: $(VENV)/installed-dev # the browser tests need one: any Chromium, or Playwright's own
	@$(BIN)/python tests/browser/find_browser.py > /dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	       && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium libatomic1 > /dev/null; } \
	  || $(BIN)/playwright install chromium
	@$(BIN)/python tests/browser/find_browser.py

clean: ## Remove what was set up and built
	rm -rf $(VENV) $(PGLITE)/node_modules index build
