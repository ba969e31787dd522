"""Faults for real, once each: file systems that are full or read-only, two
runs at once, a collector beside a run, and kills at random moments.

Mounts are made in a namespace of this process alone, so none outlives it.
Without the rights for that, those checks are left out, and a word says so.
"""

import ctypes
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import scenarios
from box import remove
from invariants import answered
from strike import Stage, Tally, Violation

CLONE_NEWNS = 0x00020000
PAIRS, COLLECTED, KILLS = 20, 20, 50
# A run that finds the lock taken says so at once.
BUSY_SECONDS = 1.0


@dataclass
class Check:
    name: str
    words: str = ""
    violations: list = field(default_factory=list)

    def add(self, number, call, found):
        self.violations += [Violation("real", number, self.name, call, *pair) for pair in dict.fromkeys(found)]


def checks(work, program, code, options):
    """All checks, as far as the time reaches."""
    folder = work / "real"
    folder.mkdir()
    stages = {}

    def stage(name):
        if name not in stages:
            stages[name] = Stage(scenarios.named([name])[0], folder, program, code, False)
            stages[name].undisturbed(Tally(name))
        return stages[name]

    done = []
    for name, check in (("full disk", full), ("full TMPDIR", full_tmp), ("read-only", read_only), ("two at once", two_at_once),
                        ("git gc beside", collected), ("random kills", killed)):
        result = Check(name)
        started = time.monotonic()
        if time.monotonic() > options.until:
            result.words = "left out, the time was over"
        else:
            try:
                check(result, stage, random.Random(options.seed), options.until)
            except Exception as error:  # A check that cannot be made is told, and the others are made.
                result.add(0, "", [("harness", f"{type(error).__name__}: {error}")])
        result.words = f"{result.words}, {time.monotonic() - started:.0f} s"
        print(f"real, {name}: {result.words}, {len(result.violations)} violations", file=sys.stderr)
        done.append(result)
    if not options.keep:
        remove(folder)
    return done


def can_mount():
    """Gives this process its own view of mounts, if it may have one."""
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    return mount("--make-rprivate", "/") and subprocess.run(["mount"], capture_output=True).returncode == 0


def mount(*words):
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0


def umount(place):
    if subprocess.run(["umount", str(place)], capture_output=True).returncode != 0:
        subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=True)


def after(stage, guard, ran, is_disk=True):
    """All invariants after an end that was no kill, and after the next run."""
    found = guard.untouched() + guard.published(stage.tree) + guard.secrets(ran) + guard.gone(False)
    found += answered(ran, "disk" if is_disk else None)
    return found + (stage.is_whole("it says that it is done") if ran.code == 0 else [])


def full(check, stage, _, until):
    """A repository on a small file system, with ever more room left."""
    if not can_mount():
        check.words = "left out, no rights to mount"
        return
    stage = stage("run")
    used = int(subprocess.run(["du", "-sk", "--apparent-size", stage.template / "repo"], capture_output=True).stdout.split()[0])
    codes = []
    for size in range(used, used + 600, 12):
        if time.monotonic() > until:
            break
        stage.fresh()
        os.rename(stage.box.repo, stage.box.root / "moved")
        stage.box.repo.mkdir()
        if not mount("-t", "tmpfs", "-o", f"size={size}k,mode=755", "tmpfs", stage.box.repo):
            raise RuntimeError("no tmpfs can be mounted")
        try:
            copied = subprocess.run(["cp", "-a", f"{stage.box.root}/moved/.", stage.box.repo], capture_output=True)
            remove(stage.box.root / "moved")
            if copied.returncode != 0:
                continue
            guard = stage.guard()
            ran = stage.box.lifeos(*stage.words())
            codes.append(ran.code)
            found = after(stage, guard, ran)
            mount("-o", "remount,size=64m", stage.box.repo)
            check.add(size, f"tmpfs of {size} KiB", found + stage.next_run(guard))
        finally:
            umount(stage.box.repo)
        if codes[-6:] == [0] * 6:
            break
    check.words = f"{len(codes)} sizes from {used} KiB, {codes.count(50)} times 50, {codes.count(0)} times 0"


def full_tmp(check, stage, _, until):
    """A gate whose TMPDIR is small."""
    if not can_mount():
        check.words = "left out, no rights to mount"
        return
    stage, codes = stage("run-gate"), []
    for inodes in range(1, 30):
        if time.monotonic() > until:
            break
        guard = stage.fresh()
        if not mount("-t", "tmpfs", "-o", f"size=64k,nr_inodes={inodes},mode=755", "tmpfs", stage.box.tmp):
            raise RuntimeError("no tmpfs can be mounted")
        try:
            ran = stage.box.lifeos(*stage.words())
            codes.append(ran.code)
            found = after(stage, guard, ran)
        finally:
            umount(stage.box.tmp)
        check.add(inodes, f"TMPDIR with {inodes} inodes", found + stage.next_run(guard))
        if codes[-2:] == [0, 0]:
            break
    check.words = f"{len(codes)} sizes, {codes.count(50)} times 50, {codes.count(0)} times 0"


def read_only(check, stage, *_):
    """The repository, its objects, its refs, or TMPDIR cannot be written."""
    if not can_mount():
        check.words = "left out, no rights to mount"
        return
    codes = []
    for name, place in (("run", "repo"), ("run", "repo/.git/objects"), ("run", "repo/.git/refs"), ("run-gate", "tmp"),
                        ("approve", "repo"), ("reject", "repo/.git/refs")):
        own = stage(name)
        guard = own.fresh()
        path = own.box.root / place
        if not (mount("--bind", path, path) and mount("-o", "remount,ro,bind", path)):
            raise RuntimeError(f"{place} cannot be made read-only")
        try:
            ran = own.box.lifeos(*own.words())
            codes.append(ran.code)
            found = after(own, guard, ran)
            if ran.code == 0:
                found.append(("I7", "it says that it is done, and could write nothing"))
            elif not any(part in ran.err for part in (str(path), str(own.box.git_dir), "refs/")):
                found.append(("I7", f"it does not name what cannot be written: {ran.says}"))
        finally:
            umount(path)
        check.add(0, f"{name} with {place} read-only", found + own.next_run(guard))
    check.words = f"{len(codes)} places, codes {codes}"


def two_at_once(check, stage, _, until):
    """One works; the other says that somebody does, or finds it done."""
    stage, pairs = stage("run"), []
    for number in range(1, PAIRS + 1):
        if time.monotonic() > until:
            break
        guard, ends, start = stage.fresh(), [], threading.Barrier(2)

        def one():
            start.wait()
            ends.append(stage.box.lifeos(*stage.words()))

        threads = [threading.Thread(target=one) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        codes = sorted(str(ran.code) for ran in ends)
        pairs.append(codes)
        found = guard.untouched() + guard.published(stage.tree) + guard.secrets(*ends) + guard.gone(False)
        for ran in ends:
            found += answered(ran, None)
        if codes not in (["0", "0"], ["0", "41"]):
            found.append(("I7", f"two at once end with {codes}: {' / '.join(ran.says for ran in ends)}"))
        if any(ran.code == 41 and ran.seconds > BUSY_SECONDS for ran in ends):
            found.append(("I7", "that somebody else is at work was not said within a second"))
        check.add(number, "two at once", found + stage.is_whole("after two at once") + stage.next_run(guard))
    check.words = f"{len(pairs)} pairs, {pairs.count(['0', '41'])} times one was busy, {pairs.count(['0', '0'])} times it was done"


def collected(check, stage, _, until):
    """`git gc --prune=now` again and again beside a run."""
    stage, rounds, times = stage("run"), 0, 0
    for number in range(1, COLLECTED + 1):
        if time.monotonic() > until:
            break
        guard, over, counts = stage.fresh(), threading.Event(), []

        def collector():
            while not over.is_set():
                counts.append(stage.box.git("gc", "--prune=now", "--quiet", check=False).returncode)

        thread = threading.Thread(target=collector)
        thread.start()
        time.sleep(0.01 * (number % 5))
        ends = [stage.box.lifeos(*stage.words()) for _ in range(3)]
        over.set()
        thread.join()
        rounds, times = rounds + 1, times + len(counts)
        found = guard.untouched(is_packed=True) + guard.published(stage.tree) + guard.secrets(*ends) + guard.gone(False)
        for ran in ends:
            found += answered(ran, None)
            if ran.code != 0:
                found.append(("I6", f"beside a collector it ends with {ran.code}: {ran.says}"))
        check.add(number, "git gc beside", found + stage.is_whole("beside a collector"))
    check.words = f"{rounds} times three runs, {times} collections"


def killed(check, stage, chance, until):
    """SIGKILL at random moments, for the first process alone."""
    count, alive = 0, 0
    for number in range(1, KILLS + 1):
        if time.monotonic() > until:
            break
        own = stage(("run", "run-gate", "run-again")[number % 3])
        guard = own.fresh()
        whole = own.seconds
        wait = chance.random() * whole * 1.1
        child = subprocess.Popen(own.box.arguments(own.words()), cwd=own.box.repo, env=own.box.env(), start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        alive += child.poll() is None
        child.kill()
        child.wait()
        count += 1
        found = guard.untouched() + guard.published(own.tree) + guard.secrets()
        guard.age()
        check.add(number, f"{own.scenario.name} killed after {wait * 1000:.0f} ms of {whole * 1000:.0f}", found + own.next_run(guard))
    check.words = f"{count} kills, {alive} of them before the end"
