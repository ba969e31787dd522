//! How the engine treats code that nobody trusts: only what the contract
//! needs is on. The compiling child and the running host use this one value.

use wasmtime::{Config, OptLevel, Strategy};

use crate::plugin::facts::OFF;

/// Bytes of stack a guest may use.
const WASM_STACK_BYTES: usize = 512 << 10;

/// The configuration of every engine.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // The same bits on every machine, so that a replay gives the same tree.
        .cranelift_nan_canonicalization(true)
        .wasm_features(OFF, false)
        .concurrency_support(false)
        // Fuel is the one meter: it bounds work reproducibly, and a guest that
        // yields every so much fuel lets the host look at the clock.
        .consume_fuel(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(2 << 20)
        .async_stack_zeroing(true);
    config
}
