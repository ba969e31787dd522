//! Inert stubs for guests built with a toolchain that insists on WASI: empty
//! environment, fixed clock, seeded random, output that goes nowhere. There is
//! no file system, no socket and no HTTP to be linked.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, io, random};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxBuilder, async_trait};

use super::state::State;

/// Most bytes of randomness in one call.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// A clock that stands still at the time of the base commit.
struct Still(std::time::Duration);

impl HostWallClock for Still {
    fn resolution(&self) -> std::time::Duration {
        std::time::Duration::from_secs(1)
    }

    fn now(&self) -> std::time::Duration {
        self.0
    }
}

impl HostMonotonicClock for Still {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// A context that knows the base commit's time and nothing else.
pub(super) fn context(seconds: i64) -> WasiCtx {
    let now = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let seed = || wasmtime_wasi::random::Deterministic::new(vec![0x6c, 0x69, 0x66, 0x65, 0x6f, 0x73]);
    WasiCtxBuilder::new()
        .wall_clock(Still(now))
        .monotonic_clock(Still(now))
        .secure_random(seed())
        .insecure_random(seed())
        .insecure_random_seed(0)
        .max_random_size(RANDOM_BYTES_MAX)
        .build()
}

/// A table of handles with a bound of its own.
pub(super) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(super::limits::HANDLES_MAX);
    table
}

/// Links the stubs, interface by interface.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(linker, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<State, Clock>(linker, |state| Stopped(state.table()))?;
    random::random::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    random::insecure::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, State::random)?;
    io::error::add_to_linker::<State, Io>(linker, State::table)?;
    io::poll::add_to_linker::<State, Io>(linker, State::table)?;
    io::streams::add_to_linker::<State, Io>(linker, State::table)
}

/// A monotonic clock that does not run: a pause is over as soon as it begins,
/// or a guest could tell the time by waiting.
struct Stopped<'t>(&'t mut ResourceTable);

/// How the linker knows it.
struct Clock;

impl HasData for Clock {
    type Data<'a> = Stopped<'a>;
}

/// The end of a pause.
struct Over;

#[async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

impl Stopped<'_> {
    fn pause(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let over = self.0.push(Over)?;
        subscribe(self.0, over)
    }
}

impl clocks::monotonic_clock::Host for Stopped<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.pause()
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.pause()
    }
}

/// Streams and pollables need the table alone.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}
