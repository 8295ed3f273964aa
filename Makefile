# Every command does its own set-up and skips what is there; what they do stands in scripts/.
.DEFAULT_GOAL := help
.PHONY: help setup demo test soak bench lint lock clean
export VIDEO GROUP STRICT ARGS

help:   ## Say what can be made
	@sed -n 's/^\([a-z]*\): *## /  make \1\t/p' Makefile | expand -t 16
setup:  ## Make the environment in .venv; the command is .venv/bin/vedette then
	@scripts/setup.sh runtime
demo:   ## Run a task on a generated scene, or on VIDEO=<file or URL>
	@scripts/demo.sh
test:   ## Run every check and test; STRICT=1: nothing may be skipped; ARGS=<more for pytest>
	@scripts/test.sh
soak:   ## Run the long tests
	@scripts/soak.sh
bench:  ## Measure, and print tables; GROUP=<name> for one group
	@scripts/bench.sh
lint:   ## Run the checks without the tests
	@scripts/setup.sh test && scripts/lint.sh
lock:   ## Bring requirements/ up to date with pyproject.toml
	@scripts/lock.sh
clean:  ## Remove the environment and everything else that was made here
	@scripts/clean.sh
