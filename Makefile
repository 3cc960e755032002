# callspool: build, try, check, install. `make help` lists the targets.

CARGO ?= cargo
INSTALL ?= install
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/callspool
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# Where cargo puts a release build.
TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)
RELEASE_DIR = $(TARGET_DIR)$(if $(CARGO_BUILD_TARGET),/$(CARGO_BUILD_TARGET))/release
# Where man pages, completions and the example config are made; packages take them from there.
GENERATED ?= target/generated

# How long each fuzz target runs, and which ones.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= $(sort $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))))

.DEFAULT_GOAL := help
.PHONY: help demo build test test-jobs bench bench-keep agents schemas soak simulate fuzz fuzz-keep fuzz-tools mutants check fmt fmt-check clippy doc deny install uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

demo: ## Deliver a spool of made-up calls to an API on this machine, step by step (DEMO_KEEP=1 leaves the files)
	@sh tests/demo.sh

build: ## Build the program, optimised
	$(CARGO) build --release --locked --package callspool --bin callspool

test: ## Run every test
	$(CARGO) test --workspace --locked

test-jobs: ## Run what shows how sessions are delivered once more, with four sessions at a time
	CALLSPOOL_TEST_JOBS=4 $(CARGO) test --locked --package callspool --test outcomes --test delivery --test hostile --test proxy

# CASES: all, small, smoke; ROUNDS; PARTS; BENCH_DIR: the disk to measure on; BACKLOG: the largest pile.
bench: build ## Measure the program beside curl, Python and a shell script, 20 minutes; CASES=small ROUNDS=3 takes three (needs PyPI, curl, jq)
	$(CARGO) build --release --locked --package callspool-sink
	@python=$$(sh benches/install.sh target) && \
		"$$python" benches/harness/bench.py --programs "$(RELEASE_DIR)" --out target/bench

bench-keep: ## Write what `make bench` measured last into benches/README.md
	@python3 benches/harness/keep.py target/bench benches

agents: ## Let agents with every version of LiveKit's SDK talk, and compare what arrives (needs PyPI; 3 GB below target/)
	$(CARGO) test --locked --test agent -- --ignored --nocapture

SEEDS ?= 1000
FIRST ?= 0

simulate: ## Tell SEEDS=1000 stories of faults and crashes from seed FIRST=0 on, or one with REPLAY=seed; SWEEP=failing|dying|dying-twice lets each operation fail, or be the last; LANES=4 has runs work on four sessions at a time
	$(CARGO) run --locked --quiet --profile simulation --package callspool-simulation -- $(if $(REPLAY),--replay $(REPLAY),--seeds $(SEEDS) --first $(FIRST)) $(if $(SWEEP),--sweep $(SWEEP)) $(if $(STRIDE),--stride $(STRIDE)) $(if $(LANES),--lanes $(LANES))

schemas: ## Write the JSON Schemas into fixtures/schemas
	$(CARGO) run --locked --quiet --package callspool-schemas

soak: ## Kill thousands of runs, fail every system call, send the largest input: an hour, 10 GB (needs strace; CALLSPOOL_SOAK_KILLS, _SEED, _CALLS)
	$(CARGO) test --release --locked --test crashes -- --ignored --test-threads 1 soak
	$(CARGO) test --release --locked --test hostile -- --ignored --test-threads 1
	$(CARGO) test --release --locked --test delivery -- --ignored corruptions
	$(CARGO) test --release --locked --test adoption -- --ignored soak

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

fuzz: fuzz-tools ## Fuzz each target for FUZZ_SECONDS (600), or only those in FUZZ_TARGETS
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p "fuzz/target/corpus/$$target"; \
		dictionary="fuzz/dictionaries/$$target.dict"; \
		if [ -f "$$dictionary" ]; then set -- "-dict=$$dictionary"; else set --; fi; \
		$(CARGO) +nightly fuzz run --fuzz-dir fuzz "$$target" \
			"fuzz/target/corpus/$$target" "fuzz/corpus/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=60 -print_final_stats=1 "$$@" || exit 1; \
	done

# Counters would keep a file for each number of turns of each loop; places are enough.
fuzz-keep: fuzz-tools ## Add what fuzzing has found to the kept corpus: as few small files as reach the same places
	@for target in $(FUZZ_TARGETS); do \
		kept=fuzz/target/kept; corpus="fuzz/corpus/$$target"; \
		rm -rf "$$kept" && mkdir -p "$$kept" "fuzz/target/corpus/$$target" && \
		find "fuzz/target/corpus/$$target" -type f -size -1025c -exec cp {} "$$corpus" \; && \
		$(CARGO) +nightly fuzz run --fuzz-dir fuzz "$$target" "$$kept" "$$corpus" -- \
			-set_cover_merge=1 -use_counters=0 && \
		rm -rf "$$corpus" && mv "$$kept" "$$corpus" || exit 1; \
	done

fuzz-tools:
	@$(CARGO) +nightly --version >/dev/null 2>&1 || \
		{ echo 'fuzzing needs the nightly toolchain: rustup toolchain install nightly' >&2; exit 1; }
	@$(CARGO) fuzz --version >/dev/null 2>&1 || \
		{ echo 'fuzzing needs cargo-fuzz: cargo install --locked cargo-fuzz' >&2; exit 1; }

# MUTANTS is handed on; a part of what .cargo/mutants.toml names: make mutants MUTANTS="--re settle.rs"
mutants: ## Change decisions in the code, one by one; a test must fail each time (needs cargo-mutants; takes an hour or more)
	@$(CARGO) mutants --version >/dev/null 2>&1 || { \
		echo "make mutants: cargo-mutants is missing; install it with: cargo install --locked cargo-mutants" >&2; \
		exit 1; \
	}
	CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 nice $(CARGO) mutants $(MUTANTS)

# What is installed, and packages of it.
.PHONY: generate deb test-package check-packaging

generate: ## Make man pages, completions and the example config
	env -u CARGO_BUILD_TARGET $(CARGO) run --quiet --locked --package callspool-packaging -- "$(GENERATED)"

CARGO_DEB_VERSION = 3.8.0

deb: generate ## Make the Debian package, target/debian/*.deb (needs cargo-deb)
	@[ "$$($(CARGO) deb --version 2>/dev/null)" = "cargo-deb $(CARGO_DEB_VERSION)" ] || { \
		echo "make deb: cargo-deb $(CARGO_DEB_VERSION) is missing; install it with: cargo install --locked cargo-deb --version $(CARGO_DEB_VERSION)" >&2; \
		exit 1; \
	}
	rm -f target/debian/callspool_*.deb
	$(CARGO) deb --locked --package callspool --output target/debian/ $(DEB_FLAGS)

test-package: deb ## Install the Debian package into a small Debian, let cron and systemd deliver, upgrade, purge (needs root)
	$(CARGO) build --locked --package callspool-reference-api
	packaging/debian/test.sh target/debian/callspool_*.deb "$(TARGET_DIR)/debug/reference-api"

check-packaging: generate ## Check man pages, completions, units and manifests with the tools that are there
	@GENERATED="$(GENERATED)" sh packaging/check.sh

# Without cargo, as under sudo, what is installed is what `make build generate` has left.
install: ## Install program, man pages and completions into PREFIX (/usr/local), below DESTDIR
	@if command -v $(CARGO) >/dev/null 2>&1; then $(MAKE) --no-print-directory build generate; fi
	@for file in "$(RELEASE_DIR)/callspool" "$(GENERATED)/man/callspool.1"; do \
		[ -e "$$file" ] || { echo "make install: $$file is missing; run first: make build generate" >&2; exit 1; }; \
	done
	$(INSTALL) -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(DOCDIR)" \
		"$(DESTDIR)$(BASHDIR)" "$(DESTDIR)$(ZSHDIR)" "$(DESTDIR)$(FISHDIR)"
	$(INSTALL) -m 0755 "$(RELEASE_DIR)/callspool" "$(DESTDIR)$(BINDIR)/callspool"
	$(INSTALL) -m 0644 "$(GENERATED)"/man/callspool*.1 "$(DESTDIR)$(MANDIR)/man1"
	$(INSTALL) -m 0644 "$(GENERATED)/config.toml" "$(DESTDIR)$(DOCDIR)/config.toml"
	$(INSTALL) -m 0644 "$(GENERATED)/completions/callspool.bash" "$(DESTDIR)$(BASHDIR)/callspool"
	$(INSTALL) -m 0644 "$(GENERATED)/completions/_callspool" "$(DESTDIR)$(ZSHDIR)/_callspool"
	$(INSTALL) -m 0644 "$(GENERATED)/completions/callspool.fish" "$(DESTDIR)$(FISHDIR)/callspool.fish"

uninstall: ## Remove what install has put there
	rm -f "$(DESTDIR)$(BINDIR)/callspool" "$(DESTDIR)$(DOCDIR)/config.toml" \
		"$(DESTDIR)$(MANDIR)/man1/callspool.1" "$(DESTDIR)$(MANDIR)/man1"/callspool-*.1 \
		"$(DESTDIR)$(BASHDIR)/callspool" "$(DESTDIR)$(ZSHDIR)/_callspool" "$(DESTDIR)$(FISHDIR)/callspool.fish"
	-[ ! -d "$(DESTDIR)$(DOCDIR)" ] || rmdir "$(DESTDIR)$(DOCDIR)"

clean: ## Remove what was built
	$(CARGO) clean
