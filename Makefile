# callspool: build, try, check, install. `make help` lists the targets.

CARGO ?= cargo
INSTALL ?= install
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin

# Where cargo puts a release build.
TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)
RELEASE_DIR = $(TARGET_DIR)$(if $(CARGO_BUILD_TARGET),/$(CARGO_BUILD_TARGET))/release

.DEFAULT_GOAL := help
.PHONY: help demo build test soak check fmt fmt-check clippy doc deny install uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

demo: ## Deliver a spool of made-up calls to an API on this machine, step by step (DEMO_KEEP=1 leaves the files)
	@sh tests/demo.sh

build: ## Build the program, optimised
	$(CARGO) build --release --locked --package callspool --bin callspool

test: ## Run every test
	$(CARGO) test --workspace --locked

soak: ## Kill thousands of runs, fail every system call, send the largest input: an hour, 10 GB (needs strace; CALLSPOOL_SOAK_KILLS, _SEED, _CALLS)
	$(CARGO) test --release --locked --test crashes -- --ignored --test-threads 1 soak
	$(CARGO) test --release --locked --test hostile -- --ignored --test-threads 1

check: fmt-check clippy test doc ## All that must pass before a commit: format, clippy, tests, documentation

fmt: ## Format the code
	$(CARGO) fmt --all

fmt-check: ## Say whether the code is formatted
	$(CARGO) fmt --all --check

clippy: ## Lint the code; a warning is an error
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

doc: ## Build the documentation of the code; a warning is an error
	RUSTDOCFLAGS="$(RUSTDOCFLAGS) -D warnings" $(CARGO) doc --workspace --no-deps --locked

deny: ## Check the dependencies' licences and sources (needs cargo-deny)
	$(CARGO) deny --workspace --locked check bans licenses sources

# Without cargo, as under sudo, what `make build` has left is installed.
install: ## Install the program into PREFIX (/usr/local), below DESTDIR
	@if command -v $(CARGO) >/dev/null 2>&1; then $(MAKE) --no-print-directory build; fi
	$(INSTALL) -d "$(DESTDIR)$(BINDIR)"
	$(INSTALL) -m 0755 "$(RELEASE_DIR)/callspool" "$(DESTDIR)$(BINDIR)/callspool"

uninstall: ## Remove what install has put there
	rm -f "$(DESTDIR)$(BINDIR)/callspool"

clean: ## Remove what was built
	$(CARGO) clean
