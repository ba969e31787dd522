"""Numbers the side effects of a command, and lets the Nth one fail.

strace counts calls for each tracee and each system call on its own, so effect
N is kept as "the K-th `write` of its tracee". The count is fixed by running
with one thread. An injection strikes every tracee at its K-th call, also a
read-only one: threads and children (the compiling child, supervisor and cell
of the gate) are followed and struck as well, each by its own count. An effect
of a child whose K the first process reaches with another call is told as not
reached. A kill strikes before the call takes effect; "after it" is the same
as before the next, since nothing that others see lies between.

Counted are writes to files, and also to standard output, standard error and
pipes. Not counted: what stays inside of the process (eventfd), and writes
through shared memory, which strace cannot make fail: `shared` counts them.
"""

import re
import subprocess
from dataclasses import dataclass

from box import run

OPENS = ("open", "openat", "openat2", "creat")
WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range")
SYNCS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync")
UNLINKS = ("unlink", "unlinkat", "rmdir")
# Not struck; for what came before a request.
SENDS = ("sendto", "sendmsg", "sendmmsg")
MOVES = ("rename", "renameat", "renameat2", "link", "linkat")
OTHERS = ("symlink", "symlinkat", "mkdir", "mkdirat", "mknod", "mknodat", "ftruncate", "truncate", "fallocate", "chmod",
          "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat", "flock", "utime", "utimes", "futimesat",
          "utimensat", "setxattr", "fsetxattr", "lsetxattr")
CALLS = OPENS + WRITES + SYNCS + UNLINKS + MOVES + OTHERS
FAULTS = ("enospc", "eio", "kill")

LINE = re.compile(r"^(\d+) +([a-z_0-9]+)\((.*)$")
ENDED = re.compile(r"^(\d+) +\+\+\+ (killed by (\w+)|exited with (\d+))")
WRITING = re.compile(r"O_(CREAT|TRUNC|WRONLY|RDWR|APPEND|TMPFILE)")


@dataclass
class Call:
    """One system call as logged."""
    pid: int
    tracee: int
    name: str
    count: int
    text: str
    injected: bool = False

    @property
    def is_effect(self):
        if self.name in OPENS:
            return self.name == "creat" or bool(WRITING.search(self.text))
        return self.name in CALLS and not stays_inside(self)

    @property
    def failed(self):
        return " = -1 " in self.text


@dataclass
class Log:
    calls: list
    killed: set
    shared: int

    @property
    def main(self):
        return self.calls[0].pid if self.calls else None


def read(path, root):
    """The calls of a log, each with its count among the same calls of its tracee."""
    calls, counts, order, killed, shared, opened = [], {}, {}, set(), 0, {}
    for line in open(path, errors="replace"):
        ended = ENDED.match(line)
        if ended:
            if ended.group(3) == "SIGKILL":
                killed.add(int(ended.group(1)))
            continue
        resumed = re.match(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$", line)
        if resumed:
            call = opened.pop(int(resumed.group(1)), None)
            if call:
                call.text += " " + resumed.group(3).strip()
                call.injected = call.injected or "(INJECTED)" in line
            continue
        match = LINE.match(line)
        if not match:
            continue
        pid, name, text = int(match.group(1)), match.group(2), match.group(3)
        tracee = order.setdefault(pid, len(order))
        if name == "mmap":
            shared += "PROT_WRITE" in text and "MAP_SHARED" in text and "ANONYMOUS" not in text
            continue
        count = counts[pid, name] = counts.get((pid, name), 0) + 1
        call = Call(pid, tracee, name, count, text.strip().replace(root, "$"), "(INJECTED)" in text)
        calls.append(call)
        if "<unfinished" in text:
            opened[pid] = call
    return Log(calls, killed, shared)


def stays_inside(call):
    return "anon_inode" in call.text.split(">")[0]


def plain(call):
    """A call without what differs between two runs: ids, names of temporary files, times."""
    text = call.text.split(">")[0] + ">" if call.name in WRITES else call.text
    text = re.sub(r"lifeos-gate-([0-9a-f]+)-\w+", r"lifeos-gate-\1", text)
    text = re.sub(r"[0-9a-f]{2}/[0-9a-f]{38}|\b[0-9a-f]{16,64}\b|git2_[0-9a-f]+|\b(?<=objects/)[0-9a-f]{2}\b", "#", text)
    text = re.split(r" *<unfinished| += ", text)[0]
    return f"{call.name}({re.sub(r'[0-9]+', '0', text)[:160]}"


def target(call):
    """The call in few words, for a report."""
    text = re.sub(r"AT_FDCWD<[^>]*>, ", "", call.text)
    text = re.sub(r" *\(INJECTED\)| *= .*$|<unfinished.*$", "", text)
    return f"{call.name}({text}"[:170]


def effects(log):
    """Effect N is the Nth of this list; one for each call and count, whoever makes it."""
    seen, found = set(), []
    for call in log.calls:
        if call.is_effect and (call.name, call.count) not in seen:
            seen.add((call.name, call.count))
            found.append(call)
    return found


def watched(box, words, log):
    """Runs a command under strace without any fault."""
    calls = ",".join(("execve", "mmap") + SENDS + CALLS)
    command = ["strace", "-f", "-q", "-y", "-s", "48", "-o", log, "-e", f"trace={calls}", *box.arguments(words)]
    ran = run(command, box.repo, box.env())
    return ran, read(log, str(box.root))


def struck(box, words, log, effect, fault):
    """Runs a command and lets one effect fail. Gives how it ended, and its log."""
    what = "signal=SIGKILL" if fault == "kill" else f"error={fault.upper()}"
    # Other calls are logged only where they tell whether a flush was made good.
    names = {effect.name, "fsync"} if fault == "eio" and effect.name in SYNCS else {effect.name}
    command = ["strace", "-f", "-q", "-y", "-s", "48", "-o", log, "-e", f"trace=execve,{','.join(sorted(names))}",
               "-e", f"inject={effect.name}:{what}:when={effect.count}", *box.arguments(words)]
    ran = run(command, box.repo, box.env())
    return ran, read(log, str(box.root))


def hit(log, effect, fault):
    """The calls that were struck."""
    if fault != "kill":
        return [call for call in log.calls if call.injected]
    last = {call.pid: call for call in log.calls if call.name == effect.name}
    return [call for pid, call in last.items() if pid in log.killed and call.count == effect.count]


def missing():
    """One sentence if strace cannot be used here; none if it can."""
    try:
        done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, timeout=20)
    except FileNotFoundError:
        return "strace is not installed, and without it no fault can be injected"
    except subprocess.TimeoutExpired:
        return "strace does not come to an end here"
    if done.returncode != 0:
        return f"strace may not trace here (ptrace): {done.stderr.decode(errors='replace').strip()[:200]}"
    return None
