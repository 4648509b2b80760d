# Needs only Debian 12 or 13 or Raspberry Pi OS with git, make, python3 and sudo.
# Missing packages are installed with apt; if that fails, the error names the command to type.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev release-check browser demo test lint bench look study hardware deb sbom release lock lock-check clean

# The device tree identifies a Raspberry Pi. There the environment can use Debian's packages, because the package index
# has no lgpio wheel (the pin driver) for Python 3.13, only an empty stub.
PI_MODEL ?= /proc/device-tree/model
PI ?= $(if $(shell grep -aso 'Raspberry Pi' $(PI_MODEL)),1)

SYSTEM_PYTHON ?= python3
PEOPLE ?= 10000
PYTHON_VERSION := $(shell $(SYSTEM_PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The stamps name the Python version, so that a new system Python makes a new environment.
MADE := .venv/made-$(PYTHON_VERSION)$(if $(PI),-pi)
PYTHON := .venv/bin/python
# .venv is a link to one of two environments. A new one is made in the other place, and the link moves once it works: a
# set-up that fails or loses power leaves the station unchanged, and a running station keeps its files until the next.
NEXT := $(if $(filter .venv-a,$(shell readlink .venv)),.venv-b,.venv-a)
OTHER := $(if $(filter .venv-a,$(NEXT)),.venv-b,.venv-a)
INSTALL := -m pip install --disable-pip-version-check
LOCKED := $(INSTALL) --require-hashes --only-binary :all:
# adafruit-extended-bus is the one dependency without a wheel: a single Python file.
UNWHEELED := --no-binary adafruit-extended-bus --no-build-isolation --use-pep517

# $(call need,TEST,PACKAGES): install Debian's PACKAGES unless the shell command TEST succeeds.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo )
define need
@if ! ( $(1) ) >/dev/null 2>&1; then \
  echo "Installing $(2) ..."; \
  { command -v apt-get >/dev/null && $(AS_ROOT)apt-get -qq update && \
    $(AS_ROOT)env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends install $(2) && ( $(1) ) >/dev/null 2>&1; } || \
  { echo "$(2) could not be installed. Please type: $(AS_ROOT)apt-get update && $(AS_ROOT)apt-get install $(2)" >&2; exit 1; }; \
fi
endef

# $(call in_turn,TARGET): make TARGET, one make at a time; from scratch if the environment does not work.
WORKS := -c 'import station.system.service, web.server'
define in_turn
@flock --nonblock . true || echo "Another make is setting up the station; waiting for it ..."
+@flock . sh -c '{ test -x .venv/bin/station && .venv/bin/python "$$@"; } >/dev/null 2>&1 || again=--always-make; \
  exec $(MAKE) --no-print-directory $$again $(1)' works $(WORKS)
endef

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: ## create .venv and install the station into it
	$(call in_turn,$(MADE))

demo: setup ## run the station on a simulated board, with its web page
	.venv/bin/station demo

# Tests that compute run on all cores. Tests that mostly wait (for a browser, a process or a second) run three at a
# time, longest first, so that no long one is left to the end. Tests that hold a time to milliseconds run alone.
RULES := tests/station/core
ALONE := $(addprefix tests/station/devices/test_,cue_player.py heels.py range_real_time.py) \
  $(addprefix tests/station/system/test_,scheduler.py service.py service_process.py) tests/station/wire/test_wire.py \
  $(addprefix tests/web/server/test_,http.py stream.py)
LONG := $(addprefix tests/,crash/test_kill.py test_demo.py test_guided_routine.py crash/test_station_kill.py test_home_journey.py) \
  $(addprefix tests/,web/test_print_browser.py web/test_stage_browser.py test_look.py)
WAITING := $(LONG) $(filter-out $(LONG) $(ALONE),$(wildcard tests/test_*_browser.py tests/web/test_*_browser.py tests/web/server/test_*.py) \
  $(addprefix tests/station/system/test_,page_process.py self_check.py supervisor.py) tests/hardware/test_sheet.py tests/systemd \
  $(addprefix tests/test_house_,make.py setup.py) $(addprefix tests/web/test_,browser.py layout.py voice_phrases.py))
test: setup-dev browser lint ## lint, then all tests: the rules with their coverage, the rest with a real browser
	$(PYTHON) -m pytest -n auto --dist worksteal $(RULES) --cov
	$(PYTHON) -m pytest -n auto --dist worksteal $(addprefix --ignore ,$(RULES) $(WAITING) $(ALONE))
	$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(WAITING)
	$(PYTHON) -m pytest $(ALONE)

lint: setup-dev ## style, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: setup-dev browser ## measure speed and size; writes bench/results.json
	$(PYTHON) -m tests.bench

look: setup-dev browser ## photograph every page; writes build/look/ (LOOK='--pages today --widths 390' for a part)
	$(PYTHON) -m tests.look $(LOOK)

study: setup-dev ## simulate people and their progress (15 minutes on two cores); writes tests/study/
	$(PYTHON) -m tests.study --people $(PEOPLE)

hardware: setup-dev ## write the board's STL files, drawings, wiring and parts list; writes build/hardware/
	$(call need,command -v dot,graphviz)
	$(PYTHON) $(LOCKED) --quiet -r requirements-hardware.lock
	$(PYTHON) -m hardware.workshop

deb: setup-dev ## build the Debian package; writes build/ (ARCH=arm64 or amd64 with all that it needs, else ARCH=all)
	sh systemd/package/build.sh $(or $(ARCH),arm64)

sbom: setup-dev ## write the list of all parts with their licences (CycloneDX); writes build/
	$(PYTHON) -m tests.release sbom

release: setup-dev release-check lint ## build the packages, source, SBOM and checksums of a tagged commit; writes build/release/ (SIGN='gpg --armor --detach-sign')
	$(PYTHON) -m tests.release build $(if $(SIGN),--sign '$(SIGN)')

lock: setup-dev ## resolve the dependencies again into requirements*.lock
	$(PYTHON) -m tests.locks write

lock-check: setup-dev ## check that the locks resolve for x86-64 and aarch64, Python 3.11 and 3.13
	$(PYTHON) -m tests.locks check

clean: ## remove the environment and all build output
	rm -rf .venv .venv-a .venv-b .venv-link build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find station web hardware tests -name __pycache__ -prune -exec rm -rf {} +

release-check: setup-dev
	$(PYTHON) -m tests.release check

setup-dev:
	$(call in_turn,$(MADE)-dev)

# A browser with a condensed font, as phones and televisions have: the live page uses one.
NARROW_FACE := /usr/share/fonts/truetype/dejavu/DejaVuSansCondensed.ttf
browser:
	$(call need,command -v chromium && command -v chromedriver && test -e $(NARROW_FACE),chromium chromium-driver fonts-dejavu-extra)

$(MADE): requirements.lock requirements-build.lock pyproject.toml
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.maxsize < 2 ** 32)' || \
	  { echo "The station needs a 64-bit system, and this one is 32-bit: please install Raspberry Pi OS (64-bit)." >&2; exit 1; }
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "The station needs Python 3.11 or later; $(SYSTEM_PYTHON) is $(PYTHON_VERSION). Please use Debian 12 or later." >&2; exit 1; }
	$(call need,$(SYSTEM_PYTHON) -c 'import ensurepip$(comma) venv',python3-venv)
	$(if $(PI),$(call need,$(SYSTEM_PYTHON) -c 'import lgpio',python3-lgpio))
	$(SYSTEM_PYTHON) -m venv --clear $(if $(PI),--system-site-packages) $(NEXT)
	$(NEXT)/bin/python $(LOCKED) -r requirements-build.lock
	$(NEXT)/bin/python $(LOCKED) $(UNWHEELED) -r requirements.lock
	$(NEXT)/bin/python $(INSTALL) --quiet --no-deps --no-index --no-build-isolation --editable .
	@# The service cannot write here, and starts faster from compiled modules.
	$(NEXT)/bin/python -m compileall -q station web hardware
	$(NEXT)/bin/python -m web.compiled
	@test -x $(NEXT)/bin/station && $(NEXT)/bin/python $(WORKS) || \
	  { echo "The new environment does not work, so the former one stays. Please report this." >&2; exit 1; }
	@touch $(NEXT)/$(@F) && ln -sfn $(NEXT) .venv-link && sync
	@# Replace a .venv directory from a release with a single environment.
	@if [ -d .venv ] && [ ! -L .venv ]; then rm -rf $(OTHER) && mv -T .venv $(OTHER); fi
	@mv -T .venv-link .venv

$(MADE)-dev: $(MADE) requirements-dev.lock
	$(PYTHON) $(LOCKED) $(UNWHEELED) -r requirements-dev.lock
	@touch $@

comma := ,
