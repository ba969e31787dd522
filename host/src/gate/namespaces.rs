//! Namespaces for the processes of a gate: a file system that cannot be
//! written but for the folder, no network, nobody else's processes and queues.
//! Not every system gives them to everybody.

use std::path::Path;

use rustix::fs::CWD;
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{getgid, getuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// What `mount_setattr` takes; see mount_setattr(2).
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    namespace: u64,
}

/// `MOUNT_ATTR_RDONLY` and `AT_RECURSIVE`.
const READ_ONLY: u64 = 1;
const RECURSIVE: libc::c_uint = 0x8000;

/// Moves this process, and with it all that it starts, into new namespaces
/// in which only `folder` can be written.
///
/// # Errors
/// What the system refused; then this process may be half way in, and must not go on.
pub(super) fn enter(folder: &Path) -> std::io::Result<()> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let namespaces =
        UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    // SAFETY: no table of file descriptors is parted, and this process has one thread.
    #[expect(unsafe_code, reason = "the safe form does not know all of these namespaces")]
    unsafe {
        unshare_unsafe(namespaces)?;
    }
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    change(Path::new("/"), RECURSIVE, READ_ONLY, 0)?;
    mount_bind(folder, folder)?;
    change(folder, 0, 0, READ_ONLY)
}

fn change(path: &Path, flags: libc::c_uint, set: u64, clear: u64) -> std::io::Result<()> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(std::io::Error::other)?;
    let attributes = MountAttributes { set, clear, propagation: 0, namespace: 0 };
    let (place, size) = (std::ptr::from_ref(&attributes), size_of::<MountAttributes>());
    // SAFETY: path and attributes live until the call returns, and the size is theirs.
    #[expect(unsafe_code, reason = "no library wraps it")]
    let done = unsafe { libc::syscall(libc::SYS_mount_setattr, CWD.as_raw_fd(), path.as_ptr(), flags, place, size) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
