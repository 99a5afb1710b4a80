# Two commands: `make demo` renders the pretend project, `make test` runs every test. Both make .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench bench-incidents bench-slo constraints clean picture golden

demo: $(READY)
	$(BIN)/sre-kit demo outputs/demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench $(ROUNDS)
	$(BIN)/python -m tests.bench_fleet

# a hundred thousand incidents, read and summarised
bench-incidents: $(READY)
	$(BIN)/python -m tests.bench_incidents

# one objective over 30 days and a year at a minute: windows, budget and alerts
bench-slo: $(READY)
	$(BIN)/python -m tests.bench_slo

# the versions that were tested, without addresses; `make constraints` writes them anew from the newest that fit
constraints:
	$(PYTHON) -m venv $(VENV).new && $(VENV).new/bin/pip install -q uv
	VIRTUAL_ENV=$(VENV).new $(VENV).new/bin/uv pip install -q -e '.[dev]'
	VIRTUAL_ENV=$(VENV).new $(VENV).new/bin/uv pip freeze --exclude-editable | grep -v '^uv==' > constraints.txt
	rm -rf $(VENV).new

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) outputs/demo .pytest_cache .mypy_cache .ruff_cache

# tests/golden/*.md anew from the demo; read the difference before you commit it
golden: $(READY)
	$(BIN)/python -m tests.test_golden

# screenshots of every rendered demo page into outputs/pages; the README's picture is one of them
picture: demo
	$(BIN)/python -m tests.picture outputs/demo/docs/SRE outputs/pages
