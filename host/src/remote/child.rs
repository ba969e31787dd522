//! One run of git: bounded in time and in what it says, and gone at the end
//! with everything it started.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::{ASKPASS_VERB, GIT_VERB};

/// How long git may take.
const TIME_MAX: Duration = Duration::from_secs(300);
/// How long what it said is waited for when it has ended.
const READING_MAX: Duration = Duration::from_secs(5);
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
    let (stdout, stderr) = (reading(child.stdout.take()), reading(child.stderr.take()));
    let status = wait(&mut child);
    let _gone = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
    // Whoever left the group may hold the streams open; what it says is not waited for.
    let said = |text: Receiver<String>| text.recv_timeout(READING_MAX).unwrap_or_default();
    Ok(Ended { success: status?.success(), stdout: said(stdout), stderr: said(stderr) })
}

fn reading(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(text(stream)));
    receiver
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

/// Runs git and ends with it, or ends it and all it started once the process
/// that wants it is gone: `words` are the id of that process, git's whole path
/// and its arguments. Gives its exit code.
#[must_use]
pub fn supervise_git(words: &[OsString]) -> u8 {
    let [parent, git, arguments @ ..] = words else { return 2 };
    let parent = parent.to_str().and_then(|parent| Pid::from_raw(parent.parse().ok()?));
    let Ok(mut child) = Command::new(git).args(arguments).spawn() else { return 71 };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(70),
            // The group is this process, git, and what git started; nobody is left to ask for them.
            Ok(None) if rustix::process::getppid() != parent => {
                let _gone = rustix::process::kill_current_process_group(Signal::KILL);
                return 70;
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(_) => return 71,
        }
    }
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
