# The two commands of the README; everything else is an environment of tox.ini (`make help`).
PYTHON ?= python3
PROFILE ?= standard
TOX := .venv/bin/tox
LOCK := uv pip compile --quiet --universal --python-version 3.11 --all-extras setup.py \
	--no-annotate --no-emit-index-url --custom-compile-command "make constraints"

.PHONY: gate test help constraints

gate: $(TOX)  ## run the release gate; PROFILE=smoke|standard|release
	@$(TOX) run --quiet -e gate -- --profile $(PROFILE)

test: $(TOX)  ## lint, types, import directions and the whole test suite
	@$(TOX) run -e lint,types,imports,test

help: $(TOX)  ## list everything that can be run
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
	@$(TOX) list

constraints: $(TOX)  ## lock the newest versions that fit setup.py
	@.venv/bin/$(LOCK) --upgrade --output-file constraints.txt

$(TOX): constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Maestro needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt tox tox-uv
	@touch $(TOX)
