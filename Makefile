# Goals of one line each; the logic lives in Swift, and what takes long lives behind check-all.
DEBIAN = ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libopenblas-dev libpng-dev libjpeg62-turbo-dev zlib1g-dev libssl-dev
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PROGRAM = .build/release/diffuse-gpu
PICTURE = digits.png
DOCUMENTED = DiffuseGPU Charts CheckpointFormats Communication Compute ComputeCPU ComputeOpenCL Conformance Datasets DeviceSelection DiffusersFormat Diffusion Evaluation \
  Files HostMath Instruments Models Networks Pipelines Pretrained Profiling Random Studies SymmetryBreaking Tensors Training

# Seconds for each parser of the fuzzer.
SECONDS = 60

.PHONY: sample build test example lint format docs check check-mpi check-all fuzz bench bench-operations install-debian clean

sample: build ## Sample a grid of digits with the model that the binary carries
	$(PROGRAM) sample --output $(PICTURE)
	@echo "the picture is $(CURDIR)/$(PICTURE)"

build: install-debian
	swift build -c release --product diffuse-gpu

test: install-debian ## Run all tests that a machine without a GPU can run; OpenCL runs on PoCL
	DIFFUSE_REQUIRE_OPENCL=1 swift test -c release
	.ci/check-example

example: install-debian ## Build and run a package outside of this one, which brings its own sampler
	.ci/check-example

lint: ## Check formatting, the floors of the package and the kernels' syntax
	swift format lint --strict --recursive --parallel Sources Tests Package.swift Benchmarks/Package.swift Benchmarks/OperationBenchmarks Examples
	.ci/check-floors
	.ci/test-check-floors
	.ci/check-kernels

format:
	swift format --in-place --recursive --parallel Sources Tests Package.swift Examples

docs: install-debian ## Build the documentation of all libraries into .build-docs/site; a warning is an error
	DIFFUSE_DOCS=1 swift package --scratch-path .build-docs --allow-writing-to-directory .build-docs/site generate-documentation \
	  $(addprefix --target ,$(DOCUMENTED)) --enable-experimental-combined-documentation --warnings-as-errors \
	  --disable-indexing --fallback-default-module-kind Library --transform-for-static-hosting \
	  --output-path .build-docs/site
	@echo '<meta http-equiv="refresh" content="0; url=documentation/">' > .build-docs/site/index.html
	@echo "the pages are in $(CURDIR)/.build-docs/site; serve them with: python3 -m http.server -d .build-docs/site"

check: build ## Run the conformance list on the device that is found
	$(PROGRAM) check

check-mpi: build ## Several processes over five MPI libraries, ranks that die, and what the network costs
	.ci/check-mpi

check-all: test lint ## The slow checks: sanitizers, Intel's runtime, oclgrind, mutations, a full disk, documentation, speed beside other programs
	.ci/check-all

fuzz: install-debian ## Feed every parser with mutated inputs, for SECONDS each
	.ci/fuzz $(SECONDS)

bench: build ## Compare with PyTorch, ONNX Runtime and OpenVINO, in an environment of its own
	python3 Benchmarks/peers/compare.py

install-debian: ## Install what Debian must provide, only if something is missing
	@missing=$$(for package in $(DEBIAN); do \
	  dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || echo $$package; done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -y -q $$missing; }

bench-operations: ## Time every operation on the CPU and on OpenCL, by the nested package
	cd Benchmarks && swift package benchmark

clean:
	rm -rf .build .build-* Examples/OwnSampler/.build
