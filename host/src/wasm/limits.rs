//! What one instance may take: memory, tables, handles. The bounds of the
//! contract's own numbers are in `policy` and `broker`.

use wasmtime::ResourceLimiter;

/// Entries of one table.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Core instances, tables and memories of one component.
const PARTS_MAX: usize = 64;
/// Handles that one store may hold.
pub(super) const HANDLES_MAX: usize = 1_000;
/// Bytes that one call may hand to the host.
pub(super) const TRANSFER_BYTES_MAX: usize = 8 << 20;
/// Bytes that a conclusion may have: as much as the findings of a run.
pub(super) const CONCLUSION_BYTES_MAX: usize = 64 << 20;
/// Fuel between two looks at the clock.
pub(super) const FUEL_SLICE: u64 = 10_000_000;

/// Counts what an instance takes.
pub(super) struct Limiter {
    memory_bytes_max: u64,
    memory_bytes: u64,
    /// The limit that was hit, if one was.
    pub(super) breached: Option<(&'static str, u64)>,
}

impl Limiter {
    pub(super) fn new(memory_bytes_max: u64) -> Self {
        Self { memory_bytes_max, memory_bytes: 0, breached: None }
    }

    fn breach(&mut self, name: &'static str, value: u64) -> wasmtime::Result<bool> {
        self.breached = Some((name, value));
        Err(wasmtime::Error::msg(format!("over {name} = {value}")))
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // All memories of the instance share one bound.
        self.memory_bytes += (desired - current) as u64;
        if self.memory_bytes > self.memory_bytes_max {
            return self.breach("memory_bytes_max", self.memory_bytes_max);
        }
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            return self.breach("table_elements_max", TABLE_ELEMENTS_MAX as u64);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        PARTS_MAX
    }

    fn tables(&self) -> usize {
        PARTS_MAX
    }

    fn memories(&self) -> usize {
        PARTS_MAX
    }
}
