PYTHON ?= python3
ARGS ?=

.PHONY: help setup demo dev dev-vars serve test chaos bench e2e-llm check docs deploy audit clean lock
.DEFAULT_GOAL := help

help setup demo dev dev-vars serve test chaos bench e2e-llm check docs deploy audit clean:
	@$(PYTHON) tools/bootstrap.py $@ $(ARGS)

# For maintainers, after a change to a requirements/*.in or to package.json; needs uv and npm on PATH.
# worker.txt is for the Workers' Python (3.14, Pyodide); the others for the machine's own.
UV_COMPILE = uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"
lock:
	$(UV_COMPILE) --python-version 3.11 -o requirements/node.txt requirements/node.in
	$(UV_COMPILE) --python-version 3.11 -o requirements/run.txt requirements/run.in
	$(UV_COMPILE) --python-version 3.11 -o requirements/audit.txt requirements/audit.in
	$(UV_COMPILE) --python-version 3.11 -o requirements/dev.txt requirements/dev.in
	$(UV_COMPILE) --python-version 3.11 -o requirements/bench.txt requirements/bench.in
	$(UV_COMPILE) --python-version 3.14 -o requirements/worker.txt requirements/worker.in
	$(UV_COMPILE) --python-version 3.14 --no-deps -o requirements/worker-pydantic-ai.txt requirements/worker-pydantic-ai.in
	$(UV_COMPILE) --python-version 3.11 --no-deps -o requirements/llm.txt requirements/llm.in
	npm install --package-lock-only
	cd bench && npm install --package-lock-only
