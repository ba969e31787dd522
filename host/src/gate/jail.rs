//! Runs one command where it can reach a folder of its own and little else.
//! lifeos starts a supervisor, the supervisor a cell, and the cell becomes the
//! command; both are this same program, called with a hidden verb.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use super::cell::Order;
use super::folder::Folder;
use super::supervisor::Report;
use crate::policy::Limits;

/// Bytes of output that are looked at: the last ones.
pub(super) const OUTPUT_BYTES_MAX: usize = 8 << 20;
/// How long the output may be on its way once the supervisor is gone.
const OUTPUT_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a report.
const REPORT_BYTES_MAX: u64 = 64 << 10;

/// How to start commands, and what they may reach besides their folder.
#[derive(Debug, Clone)]
pub struct Jail {
    /// The program, normally this one.
    pub program: PathBuf,
    /// Places that may be read: toolchains and libraries.
    pub readable: Vec<PathBuf>,
    /// Links in the commands' home: name and target, one of the readable places.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Variables besides those of the folder.
    pub environment: BTreeMap<String, String>,
    /// Whether commands are run without isolation, as the operator asked for.
    pub unconfined: bool,
}

/// Why a command was not run.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// The system offers no isolation.
    #[error("this system cannot isolate the gate: {0}")]
    NotIsolated(String),
    /// The supervisor could not be started, or failed.
    #[error("the gate's supervisor failed: {0}")]
    Supervisor(String),
}

/// A command that ended.
pub(super) struct Ended {
    pub(super) report: Report,
    /// The end of what it printed.
    pub(super) output: Vec<u8>,
}

impl Jail {
    /// Tries the isolation out on nothing.
    ///
    /// # Errors
    /// [`JailError::NotIsolated`], with what the kernel lacks.
    pub fn probe(&self) -> Result<(), JailError> {
        let order = self.order(Vec::new(), PathBuf::from("/nonexistent"), false, &Limits::default());
        let order = serde_json::to_string(&Order { isolated: true, ..order }).unwrap_or_default();
        let ended = Command::new(&self.program).args(["__cell", &order]).env_clear().stdin(Stdio::null()).output();
        let ended = ended.map_err(|error| JailError::NotIsolated(error.to_string()))?;
        let words = String::from_utf8_lossy(&ended.stderr);
        if ended.status.success() { Ok(()) } else { Err(JailError::NotIsolated(words.trim().to_owned())) }
    }

    /// Whether this system gives namespaces to commands in a folder.
    #[must_use]
    pub fn has_namespaces(&self, folder: &Path) -> bool {
        let order = Order { isolated: true, ..self.order(Vec::new(), folder.to_owned(), true, &Limits::default()) };
        !self.unconfined && self.supervised(&order).is_ok_and(|ended| ended.report.status == Some(0))
    }

    /// Where PATH leads for the name of a program, its length and when it was
    /// changed; none for one of the tree.
    #[must_use]
    pub fn program_of(&self, name: &str) -> Option<(PathBuf, u64, Option<SystemTime>)> {
        if name.contains('/') {
            return None;
        }
        let mut places = std::env::split_paths(self.environment.get("PATH")?).map(|place| place.join(name));
        places.find_map(|path| {
            let about = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((path, about.len(), about.modified().ok()))
        })
    }

    /// Runs a command in a folder.
    ///
    /// # Errors
    /// [`JailError::Supervisor`]. How the command ended is no error.
    pub(super) fn run(&self, words: Vec<String>, folder: &Folder, namespaces: bool, limits: &Limits) -> Result<Ended, JailError> {
        self.supervised(&self.order(words, folder.root().to_owned(), namespaces, limits))
    }

    fn supervised(&self, order: &Order) -> Result<Ended, JailError> {
        let failed = |words: String| JailError::Supervisor(words);
        let order = serde_json::to_string(order).map_err(|error| failed(error.to_string()))?;
        let mut child = Command::new(&self.program)
            .args(["__gate", &order])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (told, output) = std::sync::mpsc::channel();
        // It ends with the pipe; nobody waits for a pipe that outlives the supervisor.
        std::thread::spawn(move || told.send(stdout.map(last_of).unwrap_or_default()));
        let mut report = Vec::new();
        drop(stderr.map(|stderr| stderr.take(REPORT_BYTES_MAX).read_to_end(&mut report)));
        child.wait().map_err(|error| failed(error.to_string()))?;
        let output = output.recv_timeout(OUTPUT_WAIT).map_err(|_| failed("its output does not end".to_owned()))?;
        let report = serde_json::from_slice(&report).map_err(|_| failed(String::from_utf8_lossy(&report).into_owned()))?;
        Ok(Ended { report, output })
    }

    fn order(&self, words: Vec<String>, folder: PathBuf, namespaces: bool, limits: &Limits) -> Order {
        let mut environment = self.environment.clone();
        for (name, below) in [("HOME", "home"), ("CARGO_HOME", "home/.cargo"), ("TMPDIR", "tmp")] {
            environment.insert(name.to_owned(), folder.join(below).display().to_string());
        }
        Order {
            words,
            folder,
            readable: self.readable.clone(),
            environment,
            isolated: !self.unconfined,
            namespaces: namespaces && !self.unconfined,
            seconds_max: limits.gate_seconds_max,
            memory_bytes_max: limits.gate_memory_bytes_max,
            processes_max: limits.gate_processes_max,
        }
    }
}

/// Reads to the end and keeps the last bytes.
fn last_of(mut from: impl Read) -> Vec<u8> {
    let (mut kept, mut buffer) = (VecDeque::new(), vec![0; 64 << 10]);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        kept.extend(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(OUTPUT_BYTES_MAX));
    }
    kept.into()
}
