# make demo    a virtual environment, and JupyterLab on the quickstart notebook
# make test    everything that can be checked: style, types, Python, JavaScript, a real browser
# make bench   what a click costs, beside other libraries; writes benchmarks.json and the tables of README.md
# make sweep   all networks of torchvision and many of timm; writes docs/models.md and the table of README.md
# make metrics how good the maps are on the embedded scenes; writes docs/metrics.md and the table of README.md
# make soak    a cell runs a hundred times, a page is clicked and hovered for long: memory stays as it is
# make fuzz    ten thousand messages that no front end would send, over widgets of every kind
# make slow    what takes minutes: other libraries' slow methods, covered pictures, half precision
# make hosts   the widget in JupyterLab on several versions of ipykernel, in Notebook, Voila, marimo and on pages; writes
#              docs/hosts.md and the table of README.md
# make release the wheel and the sdist: what is in them, and each installed into an empty environment without Node
# make versions the wheel on each Python here, on the oldest versions that it admits and on the newest; writes
#              docs/versions.md
# make docs    docs/api.md from the docstrings
# make lock    tests/lock.txt, the versions that are installed here, as new as they come
# make audit   known holes in what is locked
# make bundle  camwidget/static/*.js from js/src
# make dev     the front end on synthetic data, in a browser of your own, without a kernel
# make lint    style and types only;  make fmt  puts the style right;  make clean  removes what was made, but the environment
#
# Stamps in .venv/.made say what is installed: a second run starts at once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
# with the machine's Node, or, where there is none, the one of PyPI
NODE := scripts/with_node.sh $(VENV)
BUNDLE := camwidget/static/widget.js
JS := $(shell find js/src -name '*.js' -o -name '*.css')

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test bench sweep metrics slow soak fuzz hosts release versions docs lock audit bundle dev lint fmt clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(MADE)/demo $(BUNDLE)
	scripts/demo.sh $(VENV) examples/quickstart.ipynb

test: lint $(MADE)/chromium
	cd js && ../scripts/with_node.sh ../$(VENV) npm run --silent test
	$(NODE) $(BIN)/python -m pytest -n 3 $(PYTEST_ARGS)

bench: $(MADE)/bench $(MADE)/chromium $(BUNDLE)
	$(BIN)/python -m pytest -o addopts=--import-mode=importlib tests/benchmarks -s --benchmark-quiet --write-results $(PYTEST_ARGS)

sweep: $(MADE)/test $(MADE)/sweep
	$(BIN)/python -m pytest -o addopts=--import-mode=importlib tests/sweep --write-table -q $(PYTEST_ARGS)

metrics: $(MADE)/test
	$(BIN)/python scripts/metrics.py

soak: $(MADE)/test $(MADE)/chromium $(BUNDLE)
	$(BIN)/python -m pytest -o addopts=--import-mode=importlib tests/soak -s $(PYTEST_ARGS)

fuzz: $(MADE)/test $(BUNDLE)
	$(BIN)/python -m pytest -p no:logging -o addopts=--import-mode=importlib tests/fuzz -s --messages 10000 $(PYTEST_ARGS)

slow: $(MADE)/bench
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

hosts: $(MADE)/hosts $(MADE)/chromium $(BUNDLE)
	$(BIN)/python -m pytest -o addopts='--import-mode=importlib --strict-markers -ra' tests/hosts --write-table $(PYTEST_ARGS)

release: $(MADE)/release $(BUNDLE)
	$(BIN)/python -m pytest -o addopts='--import-mode=importlib -ra' tests/release/test_contents.py \
		tests/release/test_installed.py -v -s $(PYTEST_ARGS)

versions: $(MADE)/release $(BUNDLE)
	$(BIN)/python -m pytest -o addopts='--import-mode=importlib -ra' tests/release/test_versions.py --write-table -v -s \
		$(PYTEST_ARGS)

docs: $(MADE)/test
	$(BIN)/python scripts/api.py

lock: $(MADE)/release
	scripts/lock.sh $(VENV)

audit: $(MADE)/release
	scripts/audit.sh $(VENV)

bundle: $(BUNDLE)

dev: js/node_modules/.made
	cd js && ../scripts/with_node.sh ../$(VENV) npm run --silent dev

lint: $(MADE)/test $(BUNDLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd js && ../scripts/with_node.sh ../$(VENV) npm run --silent check

fmt: $(MADE)/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf camwidget/static js/node_modules dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

$(MADE)/venv:
	scripts/venv.sh $(PYTHON) $(VENV)
	@mkdir -p $(MADE) && touch $@

# An editable install; the build hook makes the bundle on the way.
$(MADE)/demo $(MADE)/test $(MADE)/bench $(MADE)/sweep $(MADE)/hosts $(MADE)/release: $(MADE)/%: \
		$(MADE)/venv pyproject.toml hatch_build.py tests/lock.txt
	scripts/install.sh $(VENV) '$*'
	@touch $@

$(MADE)/chromium: $(MADE)/test
	scripts/chromium.sh $(VENV)
	@touch $@

js/node_modules/.made: js/package.json js/package-lock.json | $(MADE)/venv
	cd js && ../scripts/with_node.sh ../$(VENV) npm ci --no-audit --no-fund
	@touch $@

$(BUNDLE): js/node_modules/.made js/build.mjs $(JS)
	cd js && ../scripts/with_node.sh ../$(VENV) node build.mjs
