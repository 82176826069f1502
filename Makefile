# Goals of one line each; the logic lives in Swift, and what takes long lives behind check-all.
DEBIAN = ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libopenblas-dev libpng-dev zlib1g-dev
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PROGRAM = .build/release/diffuse-gpu
PICTURE = digits.png

.PHONY: sample build test lint format check check-all bench bench-operations install-debian clean

sample: build ## Sample a grid of digits with the model that the binary carries
	$(PROGRAM) sample --output $(PICTURE)
	@echo "the picture is $(CURDIR)/$(PICTURE)"

build: install-debian
	swift build -c release --product diffuse-gpu

test: install-debian ## Run all tests that a machine without a GPU can run; OpenCL runs on PoCL
	DIFFUSE_REQUIRE_OPENCL=1 swift test -c release

lint: ## Check formatting, the floors of the package and the kernels' syntax
	swift format lint --strict --recursive --parallel Sources Tests Package.swift Benchmarks/Package.swift Benchmarks/OperationBenchmarks
	.ci/check-floors
	.ci/check-kernels

format:
	swift format --in-place --recursive --parallel Sources Tests Package.swift

check: build ## Run the conformance list on the device that is found
	$(PROGRAM) check

check-all: test lint ## The slow checks: Intel's runtime, oclgrind, mutated kernels, a full disk, speed beside PyTorch
	.ci/check-all

bench: build ## Time the network beside PyTorch, in an environment of its own
	[ -x .build-peers/bin/python ] || python3 -m venv .build-peers
	.build-peers/bin/pip install -q torch==2.13.0+cpu diffusers safetensors numpy
	.build-peers/bin/python Benchmarks/peers/forward.py --devices cpu opencl

install-debian: ## Install what Debian must provide, only if something is missing
	@missing=$$(for package in $(DEBIAN); do \
	  dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -y -q $$missing; }

bench-operations: ## Time every operation on the CPU and on OpenCL, by the nested package
	cd Benchmarks && swift package benchmark

clean:
	rm -rf .build .build-*
