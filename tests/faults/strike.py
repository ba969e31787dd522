"""One scenario: its undisturbed run, and every fault at every side effect."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import money
import scenarios
import trace
from box import Box, remove
from invariants import Damaged, Guard, answered, state


@dataclass
class Violation:
    scenario: str
    number: int
    fault: str
    call: str
    invariant: str
    words: str


@dataclass
class Tally:
    """What was done in one scenario."""
    name: str
    effects: int = 0
    done: dict = field(default_factory=lambda: dict.fromkeys(trace.FAULTS, 0))
    missed: set = field(default_factory=set)
    violations: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    cut: bool = False


class Stage:
    """A scenario with its template, its kept cache and its own copy of the program."""

    def __init__(self, scenario, work, program, code, unconfined):
        self.scenario, self.unconfined = scenario, unconfined
        self.folder = Path(work) / scenario.name
        self.folder.mkdir()
        own = self.folder / "bin/lifeos"
        own.parent.mkdir()
        shutil.copy2(program, own)
        self.box = Box(self.folder / "box", str(own))
        self.template, self.kept = self.folder / "template", self.folder / "kept"
        self.log = str(self.folder / "log")
        self.box.root.mkdir()
        subprocess.run(["cp", "-al", str(code), str(self.box.cache)], check=True)
        self.model = money.Model(self.box.git_dir / "lifeos/spending") if scenario.asks else None
        self.run_id = scenarios.prepare(scenario, self.box, unconfined, self.model)
        subprocess.run(["cp", "-a", str(self.box.cache), str(self.kept)], check=True)
        remove(self.box.cache)
        os.rename(self.box.root, self.template)
        if scenario.cache != "cold":
            # Once without being watched, so that everything is remembered.
            self.box.fresh(self.template, self.kept)
            self.box.lifeos(*self.words())
            remove(self.kept)
            os.rename(self.box.cache, self.kept)
        self.forget({"cold": ("results-", "tree-", "history-", "ledger-", "gate-"), "ungated": ("gate-",)}.get(scenario.cache, ()))
        self.tree = self.outcome = self.seconds = None
        self.struck_others = 0

    def forget(self, prefixes):
        for name in os.listdir(self.kept):
            if name.startswith(prefixes):
                (self.kept / name).unlink()

    def words(self, follow=False):
        return scenarios.words(self.scenario, follow, self.run_id, self.unconfined)

    def guard(self):
        return Guard(self.box, self.scenario)

    def fresh(self):
        self.box.fresh(self.template, self.kept)
        self.account = money.Account(self.box, self.model)
        if self.model:
            self.model.forget()
        return self.guard()

    def undisturbed(self, tally):
        """Runs without a fault; gives the side effects. What it comes to is what all others must come to."""
        def report(found, call=""):
            tally.violations += [Violation(tally.name, 0, "none", call, *pair) for pair in found]

        guard = self.fresh()
        ran, log = trace.watched(self.box, self.words(), self.log)
        found = state(self.box)
        if ran.code != 0:
            report([("I6", f"the undisturbed run ends with {ran.code}: {ran.says}")])
        commits = [commit for run, commit in found.runs().items() if commit in found.commits]
        if not commits:
            report([("I4", "the undisturbed run comes to no candidate")])
            return []
        heads = [commit for commit in commits if found.commits[commit][1:] == (guard.head,)]
        # Of a run and a part of it, the one with the files that are expected.
        fits = [commit for commit in heads or commits if self.has_content(found.commits[commit][0])]
        self.tree, self.outcome = found.commits[(fits or heads or commits)[0]][0], found.outcome()
        for name, text in self.scenario.content.items():
            if self.box.git("show", f"{self.tree}:{name}", check=False).stdout.decode(errors="replace") != text:
                report([("I4", f"{name} of the candidate is not what was expected")])
        report(guard.untouched() + guard.published(self.tree) + guard.secrets(ran) + guard.gone(False) + answered(ran, None))
        if self.scenario.lands and found.branch() == guard.state.branch():
            report([("I4", "the undisturbed run does not land")])
        report(self.spent(True))
        for call, words in unflushed(log) + money.unflushed(log):
            report([("I4", words)], trace.target(call))
        effects = trace.effects(log)
        outside = [trace.target(call) for call in effects if is_outside(call)]
        if outside:
            report([("I2", f"side effects outside of the run's own folders: {outside[:4]}")])
        if log.shared:
            tally.notes.append(f"{log.shared} writable shared mappings of files cannot be struck")
        self.fresh()
        # Without strace, for how long it takes.
        self.seconds = self.box.lifeos(*self.words()).seconds
        self.fresh()
        _, again = trace.watched(self.box, self.words(), self.log)
        # Which of the folders named by the first digits of an id are new depends on the time in a commit.
        alike = [[words for words in map(trace.plain, found) if "objects/#\"" not in words] for found in (effects, trace.effects(again))]
        if alike[0] != alike[1]:
            tally.notes.append("two undisturbed runs differ in their side effects, so a number may name another call")
        return effects

    def has_content(self, tree):
        shown = lambda name: self.box.git("show", f"{tree}:{name}", check=False).stdout.decode(errors="replace")
        return all(shown(name) == text for name, text in self.scenario.content.items())

    def strike(self, effect, fault):
        """Strikes once and checks everything. Gives what is violated, or None if it did not strike."""
        guard = self.fresh()
        ran, log = trace.struck(self.box, self.words(), self.log, effect, fault)
        hits = trace.hit(log, effect, fault)
        # A call that stays inside of the process, as a wake-up of a thread, is no side effect and fails in no system.
        if not hits or any(trace.stays_inside(call) for call in hits):
            return None
        if not any(trace.plain(call)[:60] == trace.plain(effect)[:60] for call in hits):
            # Ids of objects hold the time, so a folder is there in one run and made in another.
            self.struck_others += 1
        # Also by the kill of a thread.
        is_killed = fault == "kill" and log.main in log.killed
        found = guard.untouched() + guard.published(self.tree) + guard.secrets(ran) + self.spent(False)
        if not is_killed:
            kind = None if fault == "kill" else "output" if effect.text.startswith(("1<", "2<")) else "disk"
            # Whoever cannot read says so in the class of what was to be read.
            kind = kind if any(call.is_effect for call in hits) else None
            found += answered(ran, kind)
            if ran.code == 0 and not (kind == "output" and fault == "kill"):
                found += self.is_whole("it says that it is done")
            if fault != "kill" and effect.name not in trace.UNLINKS:
                found += guard.gone(False)
            # The note of what is about to move is replaced or it stays: either will do.
            is_note = "/lifeos/intent" in hits[0].text
            if ran.code == 0 and fault == "eio" and effect.name in trace.SYNCS and not is_note and not is_flushed(hits[0], log):
                found.append(("I4", "a flush failed, was not made good, and it says that it is done"))
        guard.age()
        found += self.next_run(guard)
        return found

    def spent(self, is_last):
        """I5: of the command before, and of the last one."""
        try:
            return self.account.held(state(self.box).records, is_last)
        except Damaged:
            return []  # Told already.

    def is_whole(self, when):
        try:
            outcome = state(self.box).outcome()
        except Damaged as error:
            return [("I4", str(error))]
        differing = [part for part in outcome if outcome[part] != self.outcome[part]]
        return [("I6", f"{when}, and it differs from the undisturbed run in: {differing}")] if differing else []

    def next_run(self, guard):
        """I6 and I8: without any help the next run works and comes to the same."""
        is_settled = not self.is_whole("")
        try:
            is_approved = any(record["kind"] == "approval" for record in state(self.box).records)
        except Damaged:
            is_approved = False
        # A run takes up an approval that is on record, and gives none.
        ran = self.box.lifeos(*self.words(follow=is_approved))
        found = []
        allowed = self.scenario.settled if is_settled else (0,)
        if ran.code not in allowed:
            found.append(("I6", f"the next run ends with {ran.code}: {ran.says}"))
        found += self.is_whole("after the next run")
        later = guard.untouched() + guard.published(self.tree) + guard.secrets(ran) + guard.gone(True) + self.spent(True)
        return found + [(name, f"after the next run: {words}") for name, words in later]


def is_outside(call):
    """Whether a call names a place that is not the run's."""
    if call.name.startswith("mkdir") and call.failed:
        return False
    places = [place for place in ("$/repo/.git/", "$/repo/.git>", "$/cache", "$/tmp/") if place in call.text or "/there.git" in call.text or "tmp_objdir-incoming" in call.text]
    return not places and not call.text.startswith(("1<", "2<")) and "pipe:" not in call.text and "socket:" not in call.text and "/proc/" not in call.text


def unflushed(log):
    """Refs that were put in their place before what they hold was flushed."""
    flushed, found = set(), {}
    for call in log.calls:
        path = call.text.split("<", 1)[-1].split(">", 1)[0]
        if call.name in trace.SYNCS and not call.failed:
            flushed.add(path)
        elif call.name in trace.WRITES:
            flushed.discard(path)
        elif call.name in trace.MOVES and not call.failed and ".git/refs/" in call.text:
            names = call.text.split('"')
            if names[1] not in flushed:
                found.setdefault(names[3], (call, f"{names[3]} was published before it was flushed: a power cut can take it"))
    return list(found.values())


def is_flushed(struck, log):
    """Whether what a failed flush was about was flushed after it."""
    after = log.calls[log.calls.index(struck) + 1:]
    place = trace.plain(struck)
    name = struck.text.partition("<")[2].split(")")[0]
    good = [call for call in after if call.name in trace.SYNCS and not call.failed]
    is_folder = "git2_" not in name and ".lock" not in name
    return any(call.text.partition("<")[2].split(")")[0] == name if is_folder else trace.plain(call) == place for call in good)


def failure(error):
    """What a check that could not be made says: of the repository, or else of the harness."""
    return ("I4", str(error)) if isinstance(error, Damaged) else ("harness", f"{type(error).__name__}: {error}")


def strike_all(stage, options):
    """All faults at all side effects of a scenario."""
    tally = Tally(stage.scenario.name)
    try:
        effects = stage.undisturbed(tally)
    except Exception as error:  # As below.
        tally.violations.append(Violation(tally.name, 0, "none", "", *failure(error)))
        return tally
    tally.effects = len(effects)
    step = 1 if options.only else options.every
    for number, effect in enumerate(effects, 1):
        if options.only and number != options.only or (number - 1) % step:
            continue
        for fault in options.faults:
            if time.monotonic() > options.until:
                tally.cut = True
                return tally
            try:
                found = stage.strike(effect, fault)
            except Exception as error:  # A check that cannot be made is told, and the loop goes on.
                found = [failure(error)]
            if found is None:
                tally.missed.add(number)
                continue
            tally.done[fault] += 1
            call = trace.target(effect)
            tally.violations += [Violation(tally.name, number, fault, call, *pair) for pair in dict.fromkeys(found)]
        print(f"\r{tally.name}: {number} of {len(effects)}, {len(tally.violations)} violations ", end="", file=sys.stderr)
    print(file=sys.stderr)
    if stage.struck_others:
        tally.notes.append(f"{stage.struck_others} faults struck another call of that name than the one numbered")
    return tally
