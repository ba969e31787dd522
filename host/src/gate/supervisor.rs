//! The process above a command of the gate: everything that the command leaves
//! behind becomes its child, and is killed when the command ends, when a limit
//! is reached, or when lifeos itself is gone.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_child_subreaper, wait};
use serde::{Deserialize, Serialize};

use super::cell::Order;
use super::namespaces;

/// How often processes are looked at.
const TICK: Duration = Duration::from_millis(10);
/// How long killed processes may take to go.
const GONE_MAX: Duration = Duration::from_secs(10);

/// How a command ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// Its exit status, if it ended by itself.
    pub(super) status: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
    /// The limit that it was killed for, by its key.
    pub(super) limit: Option<String>,
    /// Processes that were still there and were killed.
    pub(super) killed: u64,
}

/// Runs the command of an order: its output is this process's standard output,
/// the report its standard error. Returns the exit status.
#[must_use]
pub fn supervise_child(order: &str) -> u8 {
    let report = serde_json::from_str::<Order>(order)
        .map_err(std::io::Error::other)
        .and_then(|parsed| supervise(&parsed, order))
        .and_then(|report| serde_json::to_vec(&report).map_err(std::io::Error::other));
    let written = match report {
        Ok(report) => std::io::stderr().lock().write_all(&report).map(|()| 0),
        Err(error) => std::io::stderr().lock().write_all(error.to_string().as_bytes()).map(|()| 1),
    };
    written.unwrap_or(1)
}

fn supervise(order: &Order, text: &str) -> std::io::Result<Report> {
    set_child_subreaper(Some(getpid()))?;
    let lifeos = getppid();
    let started = Instant::now();
    if order.namespaces {
        namespaces::enter(&order.folder)?;
    }
    let mut first = Command::new("/proc/self/exe")
        .args(["__first", text])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(std::io::stdout())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut words = Words { from: first.stderr.take(), so_far: Vec::new() };
    let mut report = loop {
        match words.report()? {
            Some(report) => break report,
            None if words.from.is_none() => break Report { signal: Some(9), ..Report::default() },
            None => {}
        }
        let used = Used::of_descendants()?;
        let over = |key: &str| Some(key.to_owned());
        let limit = match () {
            () if started.elapsed() > Duration::from_secs(order.seconds_max) => over("gate_seconds_max"),
            () if used.memory_bytes > order.memory_bytes_max => over("gate_memory_bytes_max"),
            () if used.processes.len() as u64 > order.processes_max => over("gate_processes_max"),
            () if getppid() != lifeos => over("lifeos is gone"),
            () => None,
        };
        if limit.is_some() {
            break Report { limit, ..Report::default() };
        }
    };
    // The first process itself is none that was left behind.
    report.killed = kill_all()?.saturating_sub(1);
    Ok(report)
}

/// What the first process says. In a new namespace of processes one can have no second
/// thread, so this one looks whether there is something to read.
struct Words {
    /// None once it is gone.
    from: Option<ChildStderr>,
    so_far: Vec<u8>,
}

impl Words {
    /// The report, if it is there within a tick.
    fn report(&mut self) -> std::io::Result<Option<Report>> {
        let Some(from) = &mut self.from else { return Ok(None) };
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
        if poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&tick))? == 0 {
            return Ok(None);
        }
        let mut some = [0; 4096];
        match from.read(&mut some)? {
            0 => self.from = None,
            read => self.so_far.extend_from_slice(&some[..read]),
        }
        let is_whole = self.so_far.ends_with(b"\n");
        Ok(if is_whole { serde_json::from_slice(&self.so_far).ok() } else { None })
    }
}

/// The first process in the namespaces: it starts the cell, tells on standard error
/// how that ended, and stays until it is killed, so that whoever is left can be
/// counted. Returns the exit status.
#[must_use]
pub fn first_child(order: &str) -> u8 {
    let run = || -> std::io::Result<()> {
        let mut cell = Command::new("/proc/self/exe")
            .args(["__cell", order])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(std::io::stdout())
            .stderr(std::io::stdout())
            .spawn()?;
        let status = cell.wait()?;
        let report = Report { status: status.code(), signal: status.signal(), ..Report::default() };
        let mut line = serde_json::to_vec(&report)?;
        line.push(b'\n');
        std::io::stderr().lock().write_all(&line)?;
        // Nothing comes: this ends when the supervisor does.
        std::io::stdin().lock().read_to_end(&mut Vec::new()).map(drop)
    };
    u8::from(run().is_err())
}

/// Kills whatever is left below this process, and gives their number back.
fn kill_all() -> std::io::Result<u64> {
    let (started, mut killed) = (Instant::now(), std::collections::HashSet::new());
    loop {
        // Whoever lost its parent is a child of this process: with no child left there is nobody left.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        let left = Used::of_descendants()?.processes;
        if left.is_empty() && matches!(wait(WaitOptions::NOHANG), Err(rustix::io::Errno::CHILD)) {
            return Ok(killed.len() as u64);
        }
        if started.elapsed() > GONE_MAX {
            return Err(std::io::Error::other("processes of the gate cannot be killed"));
        }
        for process in left {
            killed.insert(process);
            // It may be gone by now.
            let _gone = kill_process(process, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What the processes below this one use.
#[derive(Default)]
struct Used {
    processes: Vec<Pid>,
    memory_bytes: u64,
}

impl Used {
    /// What cannot be read is an error, or a process could hide; but for one that has just gone.
    fn of_descendants() -> std::io::Result<Self> {
        let mut children: HashMap<i32, Vec<(i32, u64)>> = HashMap::new();
        for entry in std::fs::read_dir("/proc")? {
            let entry = entry?;
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            let stat = match std::fs::read(entry.path().join("stat")) {
                Err(error) if is_gone(&error) => continue,
                stat => String::from_utf8_lossy(&stat?).into_owned(),
            };
            // The name in brackets may hold anything.
            let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
            let mut fields = rest.split(' ');
            let Some(parent) = fields.nth(1).and_then(|field| field.parse().ok()) else { continue };
            let pages = fields.nth(19).and_then(|field| field.parse().ok()).unwrap_or(0);
            children.entry(parent).or_default().push((process, pages));
        }
        let page = rustix::param::page_size() as u64;
        let (mut used, mut left) = (Self::default(), vec![getpid().as_raw_nonzero().get()]);
        while let Some(parent) = left.pop() {
            for (process, pages) in children.remove(&parent).unwrap_or_default() {
                left.push(process);
                used.memory_bytes += pages * page;
                used.processes.extend(Pid::from_raw(process));
            }
        }
        Ok(used)
    }
}

fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}
