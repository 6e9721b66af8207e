# The few commands that one needs. `make` alone lists them.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
# rustup installs here even where the shell does not look yet.
export PATH := $(PATH):$(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin

TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
SCRIVEN := $(TARGET)/release/scriven

.PHONY: help setup setup-checks models build demo serve test upgrade advisories schemathesis fuzz bench bench-service

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: ## Install what is missing: compiler, ffmpeg, Python with pip, Rust
	@scripts/setup

setup-checks: # What only the checks need besides
	@scripts/setup --with-checks

models: setup ## Fetch the default models and the recording of the demo (260 MB, once)
	@scripts/fetch-models

build: setup ## Build target/release/scriven
	@echo "Building scriven (the first time takes some minutes)" >&2
	@cargo build --release --locked

demo: models build ## Write down what is said in a real recording
	@scripts/demo "$(SCRIVEN)"

serve: models build ## Start the service on http://localhost:8000
	@$(SCRIVEN) serve

test: models setup-checks ## Everything that continuous integration checks
	@echo "Running all checks (the first time takes some minutes)" >&2
	@cargo xtask ci

upgrade: models setup-checks ## Move all dependencies to their newest versions, and run all checks with them
	@cargo xtask upgrade

advisories: setup-checks ## Look for known weaknesses in what we depend on
	@cargo xtask advisories

schemathesis: setup ## Try the service with some thousand requests made of its OpenAPI document
	@cargo xtask schemathesis

fuzz: setup-checks ## Try what reads foreign bytes with millions of made-up inputs, a minute each
	@cargo xtask fuzz

bench: models build ## Compare speed, words and memory with faster-whisper
	@cargo xtask bench

bench-service: models build ## Measure how the service answers while it works
	@cargo xtask bench-service
