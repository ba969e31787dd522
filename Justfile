# What one can do here; `just --list` is the table of contents.

set shell := ["bash", "-euo", "pipefail", "-c"]

target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
lifeos := target / "release/lifeos"
plugins := target / "plugins"

[private]
default:
    @just --list --unsorted

# Build the host with the official plugins inside: target/release/lifeos.
build: plugins
    cargo build --release --locked --package lifeos

# Build the official plugins: target/plugins/NAME.wasm.
plugins: _target _host
    for name in doc-hygiene doc-sync implement license-header; do {{ lifeos }} plugin build plugins/$name --output {{ plugins }}/$name.wasm --no-compile; done

# Run doc hygiene on a small sample repository, from findings to commit.
demo: build
    LIFEOS={{ lifeos }} tests/sample/demo

# Set up and run every test.
test: build _test-plugins
    cargo test --release --locked --package doc-hygiene --no-default-features --lib
    cargo test --release --locked --package license-header --lib
    cargo test --release --locked --package doc-sync --lib
    cargo test --release --locked --package implement --lib
    cargo test --release --locked --package lifeos --lib --bins
    cargo test --release --locked --package lifeos --test lifeos

# Follow docs/authoring.md in Python and JavaScript; pip and npm install their tools below target/authoring.
test-languages: build
    cargo test --release --locked --package lifeos --test lifeos -- --ignored languages

# Format and lint, as the tests want it.
check:
    cargo fmt --all --check
    cargo clippy --release --locked --package lifeos --all-targets -- --deny warnings

# Open the review page of a sample run in headless Chromium: screenshots in target/review.
review-page: build
    LIFEOS={{ lifeos }} tests/review/browser {{ target }}/review

# Measure the host: results and commands are in docs/benchmarks.md.
bench: build
    cargo bench --locked --package lifeos --bench host

# Measure lifeos and its peers side by side on a copy of REPO: a section of docs/benchmarks.md.
bench-peers repo *arguments: build _rumdl
    PATH="{{ justfile_directory() }}/target/tools/bin:$PATH" tests/bench/peers {{ repo }} --lifeos {{ lifeos }} {{ arguments }}

# Judge by what is not ours; VERB: commit and spec (cmark-gfm), dates (git log), markers, seed, components (jco). Without more it explains itself.
oracle verb *arguments:
    case {{ verb }} in commit|spec) tests/oracle/judge.py {{ verb }} {{ arguments }};; *) tests/oracle/{{ verb }}.py {{ arguments }};; esac

# Measure what a trace costs a check of REPO; see docs/benchmarks.md.
bench-trace repo *rounds: build
    tests/bench/trace.py {{ lifeos }} {{ repo }} {{ rounds }}

# Measure what lifeos adds around a gate, and a long ledger; see docs/benchmarks.md.
bench-landing: build
    LIFEOS={{ lifeos }} tests/bench/landing

# Let a component in from a real registry on this machine; needs docker-registry.
registry: build _test-plugins
    tests/registry cargo test --release --locked --package lifeos --test lifeos -- a_component_goes_to_a_registry

# Let every side effect of lifeos fail once and be killed once, and hold all invariants; needs strace. See docs/faults.md.
faults *arguments: build
    python3 tests/faults/loop.py --lifeos {{ lifeos }} --every 6 {{ arguments }}

# Feed bytes to whatever reads components for SECONDS; needs nightly Rust and cargo-fuzz.
fuzz seconds="600": _test-plugins
    LIFEOS_SEEDS={{ target }}/fuzz-corpus cargo test --release --locked --package lifeos --test lifeos seeds
    cargo +nightly fuzz run --fuzz-dir tests/fuzz --sanitizer none --target-dir {{ target }}/fuzz component {{ target }}/fuzz-corpus -- -max_total_time={{ seconds }} -rss_limit_mb=2048 -timeout=10

# What continuous integration runs.
ci: test

# The host alone, which builds the plugins it will carry.
[private]
_host:
    cargo build --release --locked --package lifeos

# Native rumdl of the version that doc hygiene has inside, unless it is on PATH.
[private]
_rumdl:
    @version=$(sed -n 's/^rumdl = .*version = "=\([0-9.]*\)".*/\1/p' plugins/doc-hygiene/Cargo.toml); \
    PATH="{{ justfile_directory() }}/target/tools/bin:$PATH"; \
    [ "$(rumdl --version 2>/dev/null)" = "rumdl $version" ] || cargo install rumdl --version "$version" --locked --root target/tools

# Components that misbehave, for the tests.
[private]
_test-plugins: _target
    LIFEOS={{ lifeos }} tests/plugins/pack {{ target }}
    cargo build --release --locked --package std-guest --target wasm32-wasip2

# The compilation targets: of plugins, and of a test guest with all of std.
[private]
_target:
    @for target in wasm32-unknown-unknown wasm32-wasip2; do \
        rustup target list --installed | grep -qx $target || rustup target add $target || { \
            echo "lifeos: plugins are compiled for $target, which rustup could not fetch; install it with: rustup target add $target" >&2; exit 2; }; \
    done
