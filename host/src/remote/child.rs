//! One run of git: bounded in time and in what it says, and gone at the end
//! with everything it started.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::{ASKPASS_VERB, GIT_VERB};

/// How long git may take.
const TIME_MAX: Duration = Duration::from_secs(300);
/// Bytes of each stream that are read.
const OUTPUT_BYTES_MAX: u64 = 16 << 20;

/// How it ended.
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs a command to its end, or to the end of its time.
pub(super) fn run(mut command: Command) -> std::io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let streams = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let stdout = scope.spawn(|| text(streams.0));
        let stderr = scope.spawn(|| text(streams.1));
        let status = wait(&mut child);
        // Whatever is left holds the streams open.
        let _gone = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
        let joined = |thread: std::thread::ScopedJoinHandle<'_, String>| thread.join().unwrap_or_default();
        let (stdout, stderr) = (joined(stdout), joined(stderr));
        Ok(Ended { success: status?.success(), stdout, stderr })
    })
}

fn wait(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > TIME_MAX {
            let _gone = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
            child.wait()?;
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, format!("it took over {} s", TIME_MAX.as_secs())));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn text(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let _what_came = stream.by_ref().take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
        let _rest = std::io::copy(&mut stream, &mut std::io::sink());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A command of git below this program, which ends it when it ends itself,
/// however that comes.
pub(super) fn command(git: &Path, itself: &Path) -> Command {
    let mut command = Command::new(itself);
    command.arg(GIT_VERB).arg(std::process::id().to_string()).arg(git);
    command
}

/// Becomes git: `words` are the id of the process that wants it, its whole path
/// and its arguments. Gives an exit code when it cannot.
#[must_use]
pub fn become_git(words: &[OsString]) -> u8 {
    let [parent, git, arguments @ ..] = words else { return 2 };
    let bound = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let parent = parent.to_str().and_then(|parent| Pid::from_raw(parent.parse().ok()?));
    // Whoever started this may be gone by now.
    if bound.is_err() || rustix::process::getppid() != parent {
        return 70;
    }
    // It returns only if it failed.
    let _failed = Command::new(git).args(arguments).exec();
    71
}

/// Writes a program of one line that answers git's question; the token itself
/// is in no argument and no environment.
pub(super) fn write_helper(path: &Path, program: &Path, token: &Path) -> std::io::Result<()> {
    let quoted = |path: &Path| {
        let text = path.to_str().ok_or_else(|| std::io::Error::other("a path that is not UTF-8"))?;
        Ok::<_, std::io::Error>(shell_words::quote(text).into_owned())
    };
    let line = format!("#!/bin/sh\nexec {} {ASKPASS_VERB} {} \"$1\"\n", quoted(program)?, quoted(token)?);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(path)?;
    std::io::Write::write_all(&mut file, line.as_bytes())
}
