## make run      the demo: a built-in market and built-in headlines, written to ./data; Ctrl-C ends it
## make desk     see what is in ./data in a browser, at http://127.0.0.1:8001; Ctrl-C ends it
## make test     every test that this machine can run, as many at a time as it has cores, up to four; ARGS="-k name" chooses
## make bench    what things cost beside raw writes and peers, which are installed for it only
## make chaos    the process killed, starved and hung, a whole system booted and hurt; CHAOS_S=600 says for how long
## make vps      a real machine of 1 GB, emulated, hurt in every way; prints a table (as root; more than an hour)
## make vps-quick    a few of these faults, in a quarter of an hour
## make check    style, types, layout, log rotation, and the line budget
## make lock     write every requirements.lock anew, with the newest that fits
## make pictures the pictures in docs/pictures, of the page on the demo market; wants Chromium and a Korean font
## make release VERSION=1.2.0   write version and changelog heading, then dist/: one archive with all wheels, and its checksum
## make model    make agent/news/model.bin anew from the labelled headlines; LABELS="yours.tsv" adds your own
## make bench-score   how good the score is beside its peers, on our kept-out headlines and on SETS="yours.tsv"; what a pass takes;
##                    KNU=path/SentiWord_info.json adds KNU SentiLex, which may not be handed on
## make clean    remove the environment and all caches; ./data stays
##
## The first run sets up .venv, which takes the network and some seconds. PYTHON=/path/to/python3 chooses the interpreter.

.ONESHELL:
SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
.PHONY: help run desk test chaos vps vps-quick bench bench-store bench-market bench-desk bench-study check lock release clean again model bench-score pictures

# Not from the environment: the folder is deleted to be made anew.
VENV = .venv
python = $(VENV)/bin/python
install = $(python) -m pip install -qq --disable-pip-version-check --no-input --require-hashes --only-binary :all: -r

# A name on PATH proves nothing: a pyenv shim may lead nowhere, and Debian's python3 may lack venv. So each is tried.
candidates = $(PYTHON) python3 python3.13 python3.12 python3.11
fits = import sys, venv, ensurepip; ensurepip.version(); sys.exit(sys.version_info < (3, 11))
chosen = $(shell for name in $(candidates); do "$$name" -c '$(fits)' >&2 && echo "$$name" && break; done 2>/dev/null)
nothing_fits = moss needs Python 3.11 or newer with venv, and none of these is: $(strip $(candidates)). \
	Debian, Ubuntu: apt-get install python3-venv. Else: make PYTHON=/path/to/python3

# Looks for the interpreter when a recipe needs one, not before.
define choose
$(eval python3 := $(chosen))$(if $(python3),,$(error $(nothing_fits)))
endef

# An environment whose interpreter is gone, or of another version than the one PYTHON asks for, is made again.
version = $(shell "$(1)" -V 2>/dev/null)
have = $(call version,$(python))
want = $(if $(PYTHON),$(call version,$(chosen)),$(have))
stale = $(if $(wildcard $(VENV)/ready),$(if $(have),$(if $(filter-out $(have),$(want)),again),again))

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

run: $(VENV)/ready
	@exec $(python) demo.py

desk: $(VENV)/ready-desk
	@exec $(python) -m desk serve --data data

test: $(VENV)/ready-dev
	@exec $(python) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

chaos: $(VENV)/ready-dev
	@export CHAOS_S="$${CHAOS_S:-600}" STORE_KILLS="$${STORE_KILLS:-10000}" STORE_IMAGES="$${STORE_IMAGES:-2000}"
	export SOAK_D="$${SOAK_D:-30}" SOAK_OUTAGES="$${SOAK_OUTAGES:-50}" SOAK_BETWEEN_H="$${SOAK_BETWEEN_H:-336}"
	export STUDY_SEEDS="$${STUDY_SEEDS:-100}"
	exec $(python) -m pytest -s tests/faults/test_chaos_process.py tests/faults/test_store_kill.py \
		tests/faults/test_store_power.py tests/faults/test_loop_soak.py tests/unit/test_study_finds.py tests/vps $(ARGS)

vps: $(VENV)/ready-dev
	@export VPS=1
	exec $(python) -m pytest -s tests/vps/machine $(ARGS)

vps-quick: $(VENV)/ready-dev
	@export VPS=1 VPS_CUTS=2
	exec $(python) -m pytest -s tests/vps/machine/test_machine_process.py tests/vps/machine/test_machine_power.py \
		-k "kill or error or power or wait" $(ARGS)

bench: bench-store bench-score bench-market bench-desk bench-study

bench-desk: $(VENV)/ready-dev
	@exec $(python) -m bench.dashboard

bench-study: $(VENV)/ready-dev
	@exec $(python) -m bench.study

bench-market: $(VENV)/ready-dev
	@scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	$(python) -m pip install -qq --disable-pip-version-check --no-input --only-binary :all: --no-binary ta \
		--target "$$scratch" -r bench/market.txt
	PYTHONPATH="$$scratch" $(python) -m bench.indicators
	PYTHONPATH="$$scratch" $(python) -m bench.replay
	$(python) -m bench.start
	$(python) -m bench.day

bench-store: $(VENV)/ready-dev
	@scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	$(python) -m pip install -qq --disable-pip-version-check --no-input --no-deps --only-binary :all: \
		--target "$$scratch" -r bench/requirements.txt
	PYTHONPATH="$$scratch" $(python) -m bench.store

check: $(VENV)/ready-dev
	@failed=
	echo "check: style"; $(python) -m ruff check --quiet . && $(python) -m ruff format --quiet --check . || failed="$$failed style"
	echo "check: types"; $(python) -m mypy agent store systemd/*.py systemd/drill desk bench bot.py sentiment.py demo.py release.py tests || failed="$$failed types"
	echo "check: imports"; $(VENV)/bin/lint-imports --no-logo || failed="$$failed imports"
	echo "check: layout"; $(python) -m tests.layout || failed="$$failed layout"
	echo "check: units"; $(python) -m pytest -q --no-header -p no:cacheprovider tests/unit/test_units*.py || failed="$$failed units"
	if [ -n "$$failed" ]; then echo "check: failed:$$failed" >&2; exit 1; fi
	echo "check: all is well"

# `ready` is written last: a set-up that was interrupted is none.
$(VENV)/ready: requirements.lock $(stale)
	$(choose)@echo "moss: setting up $(VENV) with $(python3) ($(call version,$(python3)))" >&2
	rm -rf "$(VENV)"
	"$(python3)" -m venv "$(VENV)"
	$(install) requirements.lock
	touch $@

$(VENV)/ready-desk: desk/dashboard/requirements.lock desk/dashboard/vendor.txt $(VENV)/ready
	@echo "moss: adding what the desk needs to $(VENV)" >&2
	$(install) desk/dashboard/requirements.lock
	$(python) -m desk.dashboard.vendor
	touch $@

# The tools go into a fresh environment only: a second attempt, after an interruption or with another lock, begins with a
# new one. Where the attempt failed by itself (no network), nothing was installed, and `make run` still works.
$(VENV)/ready-dev: requirements-dev.lock $(VENV)/ready
	@if [ -e $(VENV)/with-tools ]; then rm -f $(VENV)/ready; $(MAKE) --no-print-directory $(VENV)/ready; fi
	echo "moss: adding the tools of requirements-dev.lock to $(VENV)" >&2
	touch $(VENV)/with-tools
	$(install) requirements-dev.lock || { rm -f $(VENV)/with-tools; exit 1; }
	$(python) -m desk.dashboard.vendor || echo "moss: without it the tests of the page are left out" >&2
	touch $@

lock:
	$(choose)@scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	"$(python3)" -m venv "$$scratch/venv"
	"$$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	mkdir -p "$$scratch/desk/dashboard" "$$scratch/desk/study"
	for name in requirements desk/dashboard/requirements desk/study/requirements requirements-dev; do
		# A home of its own: no index and no folder that this user's pip is set up for gets in.
		env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_INDEX_URL HOME="$$scratch" \
			"$$scratch/venv/bin/pip-compile" --quiet --no-config --upgrade --generate-hashes --allow-unsafe \
			--strip-extras --no-emit-options --no-header --output-file "$$scratch/$$name.lock" "$$name.txt"
		{ echo "# Made by make lock from $$name.txt."; cat "$$scratch/$$name.lock"; } > "$$name.lock"
	done

pictures: $(VENV)/ready-dev
	@exec $(python) -m tests.page.pictures

release: $(VENV)/ready
	@exec $(python) release.py $(VERSION)

model: $(VENV)/ready
	@exec $(python) -m desk.model $(LABELS)

bench-score: $(VENV)/ready
	@scratch=$$(mktemp -d)
	trap 'rm -rf "$$scratch"' EXIT
	$(python) -m pip install -qq --disable-pip-version-check --no-input --target "$$scratch" -r bench/peers.txt
	MOSS_PEERS="$$scratch" $(python) -m bench.score $(SETS)
	$(python) -m bench.feeds

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
