# `make help` lists what there is to do. Needed are make and a Python from 3.11 on; the rest goes into .venv.

VENV   := .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --quiet --disable-pip-version-check
ARGS   ?=

.PHONY: install demo test check bench bench-quick fuzz docs help
.DELETE_ON_ERROR:

install: $(VENV)/.installed ## build .venv with nndsl in it (also what plain `make` does)

# The stamps say what .venv holds, so that a second run installs nothing. `venv --clear` mends one that was moved.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: nndsl needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PY) -c '' 2>/dev/null || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing nndsl into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.with-%: $(VENV)/.installed
	@echo "installing what [$*] asks for"
	@$(PIP) --editable '.[$*]'
	@touch $@

demo: $(VENV)/.with-datasets ## train a digit classifier and show what it leaves
	@run=runs/digits-demo; n=1; \
	while [ -e "$$run" ]; do n=$$((n + 1)); run="runs/digits-demo-$$n"; done; \
	$(VENV)/bin/nndsl train samples/digits.nn --run "$$run" --seed 1 && \
	echo "weights   $$run/best.safetensors" && \
	echo "curves    $$run/curves.svg"

test: $(VENV)/.with-test ## run the tests on all cores (`make test ARGS="tests/syntax -k pipe"` runs some)
	@$(PY) -m pytest --numprocesses auto $(ARGS)

check: $(VENV)/.with-dev ## lint, types, import rules, then the tests
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m pytest --numprocesses auto $(ARGS)

bench: $(VENV)/.installed ## time training steps beside PyTorch and JAX, and the kernels by themselves (`make bench ARGS="--peer-python PYTHON"`)
	@$(PY) benchmarks/run.py $(ARGS)

bench-quick: $(VENV)/.installed ## the same with short turns, in less than two minutes
	@$(PY) benchmarks/run.py --quick $(ARGS)

fuzz: $(VENV)/.installed ## feed made-up and mutilated programs to the compiler (`make fuzz ARGS="--programs 20000"`)
	@$(PY) tools/fuzz.py $(ARGS)

docs: $(VENV)/.with-docs ## write docs/errors.md, docs/ops.md, docs/library.md and the TextMate grammar anew, and build the site
	@$(PY) tools/make_docs.py
	@$(PY) tools/make_editors.py
	@$(PY) tools/make_site.py

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18
