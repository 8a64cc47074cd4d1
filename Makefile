# The two commands of the README: `make run` opens the program, `make test` proves it. Both set everything up.

VENV ?= .venv
STAMP := $(VENV)/.installed
STAMP_TEST := $(VENV)/.installed-test
# Where pip looks for torch, if not where it looks for all else: a CPU-only index saves gigabytes (see the README).
TORCH_INDEX ?=
AVATAR ?= default

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: run test check format bench clean

run: $(STAMP)
	@$(BIN)/python scripts/launch.py "$(AVATAR)"

test: $(STAMP_TEST) system-packages check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP_TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache

format: $(STAMP_TEST)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/nlfgs-studio bench

clean:
	rm -rf $(VENV) build *.egg-info

# A fitting Python is looked for by name; torch goes first and alone, so that nothing else pulls in another build of it.
$(STAMP): pyproject.toml constraints.txt scripts/find_python.sh
	@test -x $(BIN)/python || { python=$$(sh scripts/find_python.sh) && "$$python" -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(STAMP_TEST): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

.PHONY: system-packages
system-packages:
	@sh scripts/system_packages.sh
