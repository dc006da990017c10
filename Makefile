# make run    collect, publish and serve what config.toml says; installs what that needs first
# make test   run the tests
# make check  lint, types, layers, locks, known vulnerabilities
# make messages  collect the words of pages, scripts and Python for the other languages
# make lock   pin the dependencies anew   (UPGRADE=1 takes the newest)
# make bench  measure speed and memory   (ARGS=bulk runs one)
# make clean  remove what the above made, except the data
#
# ARGS goes to hashwatch (make run ARGS="--port 8002"), pytest (make test ARGS=tests/config) or bench.
# Tests run on all cores, at most four; make test ARGS=-n0 keeps them in one process.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test check messages lock lock-check bench clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed-run
	@exec $(BIN)/python -m hashwatch run $(ARGS)

test: $(VENV)/.installed-test
	@exec $(BIN)/python -m pytest -m "not long" -n auto --maxprocesses 4 --dist worksteal $(ARGS)

check: $(VENV)/.installed-test lock-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python .ci/messages.py check
	@sh .ci/audit $(BIN)

messages: $(VENV)/.installed-test
	@$(BIN)/python .ci/messages.py

lock: $(VENV)/.installed-test
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/run.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra dev --extra best -c requirements/run.txt -o requirements/test.txt

# The same locks must come out when nothing is upgraded.
lock-check: $(VENV)/.installed-test
	@rm -rf $(VENV)/locks && mkdir -p $(VENV)/locks && cp requirements/*.txt $(VENV)/locks/
	@$(COMPILE) pyproject.toml -o $(VENV)/locks/run.txt
	@$(COMPILE) pyproject.toml --extra dev --extra best -c requirements/run.txt -o $(VENV)/locks/test.txt
	@for lock in run test; do \
	  grep -v '^ *#' requirements/$$lock.txt > $(VENV)/locks/kept; \
	  grep -v '^ *#' $(VENV)/locks/$$lock.txt | cmp -s - $(VENV)/locks/kept \
	    || { echo "requirements/$$lock.txt does not fit pyproject.toml: run make lock" >&2; exit 1; }; \
	done

bench: $(VENV)/.installed-test
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench training -name __pycache__ -prune -exec rm -rf {} +

# Hash-locked; the project itself is built by the locked setuptools, so nothing else is fetched.
$(VENV)/.installed-%: requirements/%.txt pyproject.toml | $(VENV)/.python
	@echo "installing what hashwatch needs to $* (this happens once)" >&2
	@$(PIP) --require-hashes -r requirements/$*.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.python:
	@sh .ci/venv $(VENV)
	@touch $@
