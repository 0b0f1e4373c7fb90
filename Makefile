# Everything happens in tests/environments.py; this file only names it.
PYTHON ?= python3
RUN = $(PYTHON) tests/bootstrap.py

.PHONY: help demo test matrix lint format bench screenshots dist venv clean

help:
	@echo "make demo     print a sample on a virtual printer and look at the pictures"
	@echo "              (PORT=5001 another port, ONCE=1 end when the print is done)"
	@echo "make test     all tests (ARGS='-k name' to choose)"
	@echo "make matrix   all tests on every Python from 3.9 to 3.13 that is installed"
	@echo "              (PYTHONS='3.9 3.13' these alone, ARGS as above)"
	@echo "make lint     ruff, mypy, prettier"
	@echo "make format   put the code in its format"
	@echo "make bench    the measurements in tests/bench"
	@echo "make screenshots   take the pictures of the docs from a running make demo"
	@echo "make dist     build what a release hands out: wheel, sdist and zip"
	@echo "make venv     build the environments and stop"
	@echo "make clean    remove everything that was built"

demo:
	@$(RUN) demo $(if $(PORT),--port $(PORT)) $(if $(filter-out 0,$(ONCE)),--once)

test:
	@$(RUN) test $(ARGS)

matrix:
	@$(RUN) matrix $(if $(PYTHONS),'--only=$(PYTHONS)') $(ARGS)

screenshots:
	@$(RUN) screenshots $(if $(PORT),--port $(PORT))

bench:
	@$(RUN) bench $(ARGS)

lint format dist venv:
	@$(RUN) $@ $(ARGS)

clean:
	rm -rf .venv .venvs .demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
