//! Compiling a component that nobody trusts, in a child process with limits.
//! The child is this same program, called with a hidden verb.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::Engine;

use super::engine;

/// Seconds of processor time the child may use.
const CPU_SECONDS_MAX: u64 = 240;
/// Bytes of address space the child may use.
const ADDRESS_BYTES_MAX: u64 = 8 << 30;
/// Wall clock after which the child is killed.
const WALL_MAX: Duration = Duration::from_secs(180);
/// Bytes of native code taken back.
const CODE_BYTES_MAX: u64 = 512 << 20;

/// How to start the compiling child.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program, normally this one.
    pub program: PathBuf,
    /// Its arguments, normally the hidden verb.
    pub arguments: Vec<String>,
}

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is not valid, or uses a proposal that is off.
    #[error("the component is not valid here: {0}")]
    Invalid(String),
    /// It took too long or too much memory.
    #[error("compiling the component went over its limits (time {} s, memory 8 GiB)", WALL_MAX.as_secs())]
    Limit,
    /// The child failed in another way.
    #[error("the compiling process failed: {0}")]
    Crashed(String),
    /// The child could not be started or talked to.
    #[error("cannot run the compiling process: {0}")]
    Child(#[from] std::io::Error),
}

impl Compiler {
    pub(super) fn run(&self, component: &[u8]) -> Result<Vec<u8>, CompileError> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(CompileError::Child(std::io::Error::other("no pipes")));
        };
        std::thread::scope(|scope| {
            // The child may stop reading early; how it ended tells why.
            scope.spawn(move || drop(stdin.write_all(component)));
            let code = scope.spawn(move || read_all(stdout));
            let words = scope.spawn(move || read_all(stderr));
            let status = wait(&mut child)?;
            let joined = |bytes: std::thread::Result<std::io::Result<Vec<u8>>>| {
                bytes.unwrap_or_else(|_| Err(std::io::Error::other("a reader panicked")))
            };
            let (code, words) = (joined(code.join())?, joined(words.join())?);
            match status.and_then(|status| status.code()) {
                Some(0) => Ok(code),
                Some(INVALID) => {
                    Err(CompileError::Invalid(crate::clean::line(String::from_utf8_lossy(&words).trim()).into_owned()))
                }
                _ if status.is_none_or(|status| status.signal().is_some()) => Err(CompileError::Limit),
                _ => Err(CompileError::Crashed(crate::clean::line(String::from_utf8_lossy(&words).trim()).into_owned())),
            }
        })
    }
}

/// Exit status of a child that was handed something invalid.
const INVALID: i32 = 3;

/// The hidden verb: a component on standard input, native code on standard
/// output, a complaint on standard error. Returns the exit status.
#[must_use]
pub fn compile_child() -> u8 {
    let limited = set_limits();
    let mut component = Vec::new();
    let code = limited
        .and_then(|()| std::io::stdin().lock().read_to_end(&mut component))
        .map_err(|error| error.to_string())
        .and_then(|_| precompile(&component));
    let written = match code {
        Ok(code) => std::io::stdout().lock().write_all(&code).map(|()| 0),
        Err(words) => std::io::stderr().lock().write_all(words.as_bytes()).map(|()| INVALID.unsigned_abs()),
    };
    u8::try_from(written.unwrap_or(1)).unwrap_or(1)
}

fn precompile(component: &[u8]) -> Result<Vec<u8>, String> {
    let engine = Engine::new(&engine::config()).map_err(|error| format!("{error:#}"))?;
    engine.precompile_component(component).map_err(|error| format!("{error:#}"))
}

fn set_limits() -> std::io::Result<()> {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // Whoever wanted the code is gone if the parent is.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Cpu, limit(CPU_SECONDS_MAX))?;
    setrlimit(Resource::As, limit(ADDRESS_BYTES_MAX))?;
    setrlimit(Resource::Fsize, limit(0))?;
    Ok(())
}

fn read_all(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(CODE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Waits for the child, or kills it; none when it had to be killed.
fn wait(child: &mut std::process::Child) -> std::io::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > WALL_MAX {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
