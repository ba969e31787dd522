//! The process that a command of the gate becomes: it takes rights away from
//! itself, which no process can get back, and is then replaced by the command.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal, getuid, set_parent_process_death_signal, setpriority_process, setrlimit};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter,
};
use serde::{Deserialize, Serialize};

/// What a command may do, as it is handed from process to process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// The program and its arguments; none to try out the isolation only.
    pub(super) words: Vec<String>,
    /// The folder with `tree`, `home` and `tmp` in it.
    pub(super) folder: PathBuf,
    /// What may be read and executed besides.
    pub(super) readable: Vec<PathBuf>,
    /// The whole environment.
    pub(super) environment: BTreeMap<String, String>,
    /// Whether rights are taken away.
    pub(super) isolated: bool,
    /// Whether it runs in namespaces of its own.
    pub(super) namespaces: bool,
    /// Seconds until everything is killed.
    pub(super) seconds_max: u64,
    /// Bytes of memory of all its processes together.
    pub(super) memory_bytes_max: u64,
    /// Processes at one time.
    pub(super) processes_max: u64,
}

/// Bytes of one file that a command may write.
const FILE_BYTES_MAX: u64 = 8 << 30;
/// The newest version of Landlock whose rights are known here.
const KNOWN: ABI = ABI::V6;
/// How far commands stand back behind other processes.
const NICE: i32 = 10;
/// Devices that hold nothing.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// Exit status when rights could not be taken away, and when the command could not be started.
const NOT_ISOLATED: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Becomes the command. Comes back only if that failed, with an exit status.
#[must_use]
pub fn cell_child(order: &str) -> u8 {
    let complain = |words: String, status| {
        drop(std::io::stderr().lock().write_all(words.as_bytes()));
        status
    };
    let order: Order = match serde_json::from_str(order) {
        Ok(order) => order,
        Err(error) => return complain(format!("lifeos: {error}\n"), NOT_ISOLATED),
    };
    if let Err(error) = confine(&order) {
        return complain(format!("lifeos: the gate cannot be isolated: {error}\n"), NOT_ISOLATED);
    }
    let Some((program, arguments)) = order.words.split_first() else { return 0 };
    close_the_rest();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&order.environment).current_dir(order.folder.join("tree")).stdin(Stdio::null());
    complain(format!("lifeos: {program}: {}\n", command.exec()), NOT_FOUND)
}

fn confine(order: &Order) -> Result<(), Box<dyn std::error::Error>> {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Core, limit(0))?;
    setrlimit(Resource::Fsize, limit(FILE_BYTES_MAX))?;
    // The supervisor goes first, so that it can kill faster than anybody forks.
    setpriority_process(None, NICE)?;
    if order.isolated {
        // The kernel counts all threads of the user, and none of root's.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        setrlimit(Resource::Nproc, limit(order.processes_max.saturating_add(own_threads())))?;
        drop_capabilities();
        files(&order.readable, &order.folder)?;
        system_calls()?;
    }
    Ok(())
}

/// Threads of this user that are there already, and room for more of them.
fn own_threads() -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let user = getuid().as_raw();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == user));
    let threads = own.filter_map(|entry| Some(std::fs::read_dir(entry.path().join("task")).ok()?.count() as u64));
    threads.sum::<u64>() + 4_096
}

/// No file that somebody left open goes on to the command.
fn close_the_rest() {
    // SAFETY: the call only marks numbers from 3 on to be closed by `exec`.
    #[expect(unsafe_code, reason = "no library wraps it")]
    let _none_open = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Root without the rights of root; whoever is not root has none to lose.
fn drop_capabilities() {
    for capability in CapabilitySet::all().iter() {
        let _not_root = remove_capability_from_bounding_set(capability);
    }
}

/// Files: the folder may be written, some places read, the rest is out of
/// reach, as are other processes and, where the kernel can, TCP.
fn files(readable: &[PathBuf], folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let devices = AccessFs::ReadFile | AccessFs::WriteFile;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(KNOWN)))?
        .add_rules(path_beneath_rules(DEVICES, devices))?
        .add_rules(path_beneath_rules([folder], AccessFs::from_all(KNOWN)))?
        .restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err("the kernel has no Landlock".into());
    }
    Ok(())
}

/// System calls that reach the network, other processes or the kernel itself
/// are answered with "permission denied".
fn system_calls() -> Result<(), Box<dyn std::error::Error>> {
    const DENIED: &[libc::c_long] = &[
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_process_madvise,
        libc::SYS_migrate_pages,
        libc::SYS_move_pages,
        libc::SYS_ioprio_set,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_shmctl,
        libc::SYS_semget,
        libc::SYS_semctl,
        libc::SYS_msgget,
        libc::SYS_msgsnd,
        libc::SYS_msgrcv,
        libc::SYS_msgctl,
        libc::SYS_mq_open,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_open_by_handle_at,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_sethostname,
    ];
    let arch = if cfg!(target_arch = "aarch64") { TargetArch::aarch64 } else { TargetArch::x86_64 };
    let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    // Of oneself only: of other processes they would reach all of the user's.
    const OF_ONESELF: &[(libc::c_long, u8)] = &[
        (libc::SYS_prlimit64, 0),
        (libc::SYS_sched_setscheduler, 0),
        (libc::SYS_sched_setparam, 0),
        (libc::SYS_sched_setattr, 0),
        (libc::SYS_sched_setaffinity, 0),
        (libc::SYS_setpriority, 1),
    ];
    let rule = |argument, operator, value| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
        SeccompRule::new(vec![condition])
    };
    let mut rules: BTreeMap<libc::c_long, Vec<SeccompRule>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    for (call, argument) in OF_ONESELF {
        rules.insert(*call, vec![rule(*argument, SeccompCmpOp::Ne, 0)?]);
    }
    // A datagram can be sent to whoever has a path; a stream stays a pair.
    rules.insert(libc::SYS_socketpair, vec![rule(1, SeccompCmpOp::MaskedEq(0xf), libc::SOCK_DGRAM as u64)?]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    apply_filter(&program)?;
    Ok(())
}
