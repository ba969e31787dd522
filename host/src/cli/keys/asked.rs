//! What a command of the operator's prints: a key from a keyring or a vault. It has the
//! operator's environment and rights, no shell, no input, and an end.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use zeroize::Zeroizing;

use super::CommandError;

/// How long what it printed is waited for when it has ended.
const READING_MAX: Duration = Duration::from_secs(5);

/// Runs words, and gives what came on standard output, one byte more than `bytes_max` at most.
pub(super) fn stdout(words: &[String], bytes_max: u64, within: Duration) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let failed = |what: String| CommandError::usage(what).hint("run it in a terminal: it must print the key and nothing else");
    let [program, arguments @ ..] = words else { return Err(failed("there is no command".to_owned())) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).process_group(0);
    let mut child = command.spawn().map_err(|error| failed(format!("it cannot be run: {error}")))?;
    let (sender, receiver) = std::sync::mpsc::channel();
    let printed = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = printed.map(|printed| printed.take(bytes_max + 1).read_to_end(&mut bytes));
        sender.send(read.is_some_and(|read| read.is_ok()).then_some(bytes))
    });
    let status = wait(&mut child, within);
    // Whatever it left behind ends with it.
    let _gone = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
    match status.map_err(|error| failed(error.to_string()))? {
        Some(status) if status.success() => {
            receiver.recv_timeout(READING_MAX).ok().flatten().ok_or_else(|| failed("what it printed cannot be read".to_owned()))
        }
        Some(status) => Err(failed(format!("it failed: {status}"))),
        None => Err(failed(format!("it did not end within {} s", within.as_secs()))),
    }
}

/// How it ended; none if it had to be.
fn wait(child: &mut Child, within: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    while begun.elapsed() < within {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _gone = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait().map(|_| None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str, within: Duration) -> Result<Vec<u8>, String> {
        let words = shell_words::split(line).expect("words");
        stdout(&words, 10, within).map(|bytes| bytes.to_vec()).map_err(|error| error.message)
    }

    #[test]
    fn case_145_a_command_prints_a_key_or_says_nothing_of_it() {
        let long = Duration::from_secs(20);
        assert_eq!(run("printf '%s\\n' 'a $HOME'", long), Ok(b"a $HOME\n".to_vec()), "no shell reads it");
        assert_eq!(run("printf 01234567890123456789", long).map(|bytes| bytes.len()), Ok(11));
        assert!(run("sh -c 'printf secret; exit 3'", long).is_err_and(|error| error.contains('3') && !error.contains("secret")));
        assert!(run("/nowhere/at/all", long).is_err_and(|error| error.starts_with("it cannot be run")));
        let begun = Instant::now();
        let slow = run("sh -c 'sleep 60 & sleep 60'", Duration::from_millis(50));
        assert!(slow.is_err_and(|error| error.contains("did not end")) && begun.elapsed() < Duration::from_secs(10));
    }
}
