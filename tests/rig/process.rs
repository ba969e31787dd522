//! Processes seen from outside: their memory, their end, their rights.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::{Ran, TestRepo};

/// Runs the program and gives its largest resident size in bytes, as far as
/// looking every millisecond can tell.
#[track_caller]
pub(crate) fn peak(repo: &TestRepo, arguments: &[&str]) -> (Ran, u64) {
    let mut command = repo.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut most = 0;
    while child.try_wait().expect("a child").is_none() {
        most = most.max(resident(child.id()));
        std::thread::sleep(Duration::from_millis(1));
    }
    (repo.ran(&child.wait_with_output().expect("its output")), most)
}

fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Sends a signal to a child.
pub(crate) fn kill(child: &Child, signal: Signal) {
    let process = Pid::from_child(child);
    // It may have ended by itself in the meantime.
    let _ended = rustix::process::kill_process(process, signal);
}

/// The same command for a user whom permissions bind: root without the right
/// to overlook them, or whoever runs the tests.
pub(crate) fn unprivileged(command: &Command) -> Command {
    if !rustix::process::geteuid().is_root() {
        return copy_into(Command::new(command.get_program()), command);
    }
    let mut bound = Command::new("/usr/bin/setpriv");
    bound.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search", "--"]);
    bound.arg(command.get_program());
    copy_into(bound, command)
}

/// The same command below a shell that first does something to itself.
pub(crate) fn below_shell(setup: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{setup}; exec \"$@\""), "sh"]).arg(command.get_program());
    copy_into(shell, command)
}

fn copy_into(mut new: Command, command: &Command) -> Command {
    new.args(command.get_args()).env_clear().stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            new.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        new.current_dir(folder);
    }
    new
}
