"""The fault loop: every side effect of a command fails once, and is killed once.

    loop.py --lifeos BIN [--scenario NAME ...] [--every K] [--keep]

The side effects of each scenario (`scenarios.py`) are numbered from a log of
the undisturbed run (`trace.py`). For each number the command runs three times
in a fresh copy: the call fails for want of space, fails with an I/O error, and
the process is killed at it. After each, and again after the next run without
any fault, all invariants are checked (`invariants.py`). `real.py` has what is
done for real: full and read-only file systems, two at once, a collector
beside it, kills at any moment. `planted.py` shows that faults are found.

Ends with 0 if nothing is violated, with 1 if something is, and with 2 if it
cannot work here.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import planted
import real
import scenarios
import trace
from box import Box, remove
from strike import Stage, strike_all


def main():
    options = arguments()
    sentence = trace.missing()
    if sentence:
        print(f"faults: {sentence}", file=sys.stderr)
        return 2
    program = shutil.which(options.lifeos)
    if not program:
        print(f"faults: {options.lifeos} is no program", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    work = Path(tempfile.mkdtemp(prefix="lifeos-faults-", dir=options.work))
    started = time.monotonic()
    try:
        if options.planted:
            return planted.all_found(work, Path(program).resolve(), warm(work, Path(program).resolve()))
        return loop(options, work, Path(program).resolve(), started)
    finally:
        if options.keep:
            print(f"kept: {work}", file=sys.stderr)
        else:
            remove(work)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lifeos", required=True, metavar="BIN", help="the program")
    parser.add_argument("--scenario", action="append", metavar="NAME", help="only this one, or `real`; may be given again")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="strike every Kth side effect only")
    parser.add_argument("--only", type=int, metavar="N", help="strike the Nth side effect only")
    parser.add_argument("--fault", choices=trace.FAULTS, help="only this fault")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="scenarios at one time")
    parser.add_argument("--minutes", type=float, default=45, metavar="M", help="stop after so long")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), metavar="S", help="of random moments")
    parser.add_argument("--work", metavar="DIR", help="put temporary folders there")
    parser.add_argument("--planted", action="store_true", help="plant faults and see that they are found")
    options = parser.parse_args()
    options.faults = [options.fault] if options.fault else list(trace.FAULTS)
    options.every = max(1, options.every)
    return options


def warm(work, program):
    """A cache with the compiled plugin and nothing else."""
    print("compiling the plugin once", file=sys.stderr)
    box = Box(work / "warm", str(program))
    code = work / "code"
    box.root.mkdir()
    for toml, command in ((scenarios.WAIT, scenarios.RUN), (scenarios.SCRIPTED, scenarios.ASK)):
        for folder in (box.repo, box.home, box.outside, box.tmp):
            remove(folder)
        box.make(toml)
        ran = box.lifeos(*command)
        if ran.code != 0:
            raise SystemExit(f"faults: the program does not work undisturbed: {ran.says}")
    os.rename(box.cache, code)
    remove(box.root)
    for name in os.listdir(code):
        if not name.startswith("key") and "-" in name and not name[:64].isalnum():
            (code / name).unlink()
    return code


def unconfined(program):
    """Whether the gate can be isolated here, as the program says."""
    done = subprocess.run([program, "doctor"], capture_output=True, text=True, cwd="/", check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if " gates " in line]
    return not (lines and lines[0].startswith("ok"))


def loop(options, work, program, started):
    names = [name for name in options.scenario or [] if name != "real"]
    chosen = scenarios.named(names) if names or not options.scenario else []
    is_real = not options.only and (not options.scenario or "real" in options.scenario)
    code, bare = warm(work, program), unconfined(program)
    options.until = started + options.minutes * 60
    if bare:
        print("the gate cannot be isolated here; it runs with --unconfined-gate", file=sys.stderr)

    def one(scenario):
        stage = Stage(scenario, work, program, code, bare)
        tally = strike_all(stage, options)
        if stage.model:
            stage.model.stop()
        if not options.keep:
            remove(stage.folder)
        return tally

    with ThreadPoolExecutor(max_workers=max(1, options.jobs)) as pool:
        try:
            tallies = list(pool.map(one, chosen))
        except BaseException:
            options.until = 0
            raise
    checks = real.checks(work, program, code, options) if is_real else []
    return report(tallies, checks, options, time.monotonic() - started)


def kinds(violations):
    """How often each kind of violation was met, whatever the numbers and ids in it."""
    counts = {}
    for violation in violations:
        words = re.sub(r"after the next run: |\b[0-9a-f]{7,64}\b", "#", violation.words.replace("\n", " "))
        key = violation.invariant, re.sub(r"#*\d+", "#", words)[:170]
        counts[key] = counts.get(key, 0) + 1
    return counts


def report(tallies, checks, options, seconds):
    print(f"{'scenario':<18} {'side effects':>12} {'ENOSPC':>7} {'EIO':>7} {'kills':>7} {'violations':>10}")
    for tally in tallies:
        done = " ".join(f"{tally.done[fault]:>7}" for fault in trace.FAULTS)
        print(f"{tally.name:<18} {tally.effects:>12} {done} {len(tally.violations):>10}")
    for check in checks:
        print(f"{check.name:<18} {check.words}; {len(check.violations)} violations")
    violations = [violation for part in (*tallies, *checks) for violation in part.violations]
    for tally in tallies:
        if tally.missed:
            print(f"{tally.name}: not met in the struck run (a child's call, see trace.py, or a folder named by an id): {sorted(tally.missed)}")
        for note in tally.notes:
            print(f"{tally.name}: {note}")
        if tally.cut:
            print(f"{tally.name}: stopped, the time was over")
    for (invariant, words), count in sorted(kinds(violations).items()):
        print(f"{count:>5} times {invariant}: {words}")
    for violation in violations:
        again = f"--scenario {violation.scenario}"
        again += f" --only {violation.number} --fault {violation.fault}" if violation.number and violation.fault in trace.FAULTS else ""
        print(f"{violation.invariant} {violation.scenario} {violation.number} {violation.fault} {violation.call}: {violation.words}")
        print(f"    again: loop.py --lifeos BIN {again} --keep")
    total = {fault: sum(tally.done[fault] for tally in tallies) for fault in trace.FAULTS}
    sampled = "" if options.every == 1 else f" (every {options.every}th)"
    print(f"Seed {options.seed}. {seconds:.0f} s{sampled}.")
    print(f"faults: {sum(tally.effects for tally in tallies)} side effects, {total['enospc'] + total['eio']} failures and "
          f"{total['kill']} kills injected, {len(violations)} invariant violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
