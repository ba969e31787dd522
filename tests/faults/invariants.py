"""What must hold after every command, whatever struck it: I1 to I9, but I5, which
is in `money.py`. Each check gives pairs of an invariant's name and one sentence.
"""

import fcntl
import json
import os
import re
import time
import zlib
from dataclasses import dataclass

from box import SECRET_ENV, SECRET_FILE, processes, snapshot

# Where lifeos may write inside of the repository.
OURS = (".git/objects", ".git/lifeos", ".git/refs/lifeos", ".git/refs/heads/lifeos", ".git/logs/refs/heads/lifeos",
        ".git/logs/refs/lifeos")
CODES = {0, 1, 2, 3, 4, 10, 20, 21, 22, 23, 30, 31, 40, 41, 50, 70}
CACHE_NAME = re.compile(r"key|[0-9a-f]{64}-[0-9a-f]{16}(\.seal)?|(results|(tree|history|gate|ledger)-\d+)-[0-9a-f]{64}")
BRANCH = "refs/heads/lifeos/docs"
OUR_REFS = re.compile(r"refs/lifeos/ledger|refs/lifeos/runs/[0-9a-f]{12}|refs/heads/lifeos/docs")


class Damaged(Exception):
    """What a repository publishes cannot be read."""


@dataclass
class State:
    """What a repository publishes: refs, the record oldest first, commits of ours with tree and parents."""
    refs: dict
    ledger: list
    records: list
    commits: dict

    def branch(self):
        return self.refs.get(BRANCH)

    def runs(self):
        return {name.rsplit("/", 1)[1]: commit for name, commit in self.refs.items() if name.startswith("refs/lifeos/runs/")}

    def outcome(self):
        """What it comes to, without times and failures."""
        told = set()
        for record in self.records:
            more = record.get("digest") or record.get("branch") or (record.get("candidate") or {}).get("tree")
            # Spending differs by what was struck; `money.py` holds it.
            is_cut = not record.get("candidate") and (record.get("model") or {}).get("trouble")
            if record.get("outcome") != "failed" and record["kind"] != "spend" and not is_cut:
                told.add((record["run"], record["kind"], record.get("outcome"), more))
        runs = {run: self.commits.get(commit) for run, commit in self.runs().items()}
        return {"branch": self.commits.get(self.branch()), "candidates": runs, "record": told}


def state(box):
    """Reads a repository with git alone."""
    lines = box.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    refs = dict(line.split(" ") for line in lines)
    walk = box.git("rev-list", "--reverse", "refs/lifeos/ledger", check=False) if "refs/lifeos/ledger" in refs else None
    if walk and walk.returncode != 0:
        raise Damaged(f"the record cannot be walked: {walk.stderr.decode(errors='replace').strip()[:200]}")
    ledger = walk.stdout.decode().split() if walk else []
    wanted = [f"{commit}:record.json" for commit in ledger]
    wanted += sorted({commit for name, commit in refs.items() if OUR_REFS.fullmatch(name) and "ledger" not in name})
    done = box.git("cat-file", "--batch", check=False, input="\n".join(wanted).encode() + b"\n").stdout if wanted else b""
    records, commits = [], {}
    for name in wanted:
        head, _, done = done.partition(b"\n")
        if head.endswith(b"missing"):
            raise Damaged(f"the published state cannot be read: git has no {name}")
        size = int(head.split()[2])
        body, done = done[:size].decode(errors="replace"), done[size + 1:]
        if ":" in name:
            records.append(json.loads(body))
        else:
            parts = [line.split(" ")[1] for line in body.split("\n\n")[0].splitlines() if line[:5] in ("tree ", "paren")]
            commits[name] = tuple(parts)
    return State(refs, ledger, records, commits)


class Guard:
    """Everything as it was before a command."""

    def __init__(self, box, scenario):
        self.box, self.scenario = box, scenario
        self.repo = snapshot(box.repo, OURS)
        self.beside = [snapshot(box.outside), snapshot(box.home)]
        self.top = set(os.listdir(box.root))
        self.state = state(box)
        self.head = box.git("rev-parse", "HEAD").strip()
        there = box.git("--git-dir", str(box.there), "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        self.there = dict(line.split(" ") for line in there)

    def untouched(self, is_packed=False):
        """I1 and I2. With `is_packed`, somebody else may have packed refs meanwhile."""
        now, found = snapshot(self.box.repo, OURS), []
        changed = sorted(name for name in self.repo.keys() | now.keys() if self.repo.get(name) != now.get(name))
        theirs = (".git/refs", ".git/packed-refs", ".git/info", ".git/logs", ".git/gc", ".git/ORIG_HEAD")
        changed = [name for name in changed if not (is_packed and name.startswith(theirs))]
        if changed:
            found.append(("I1", f"changed in the repository: {changed[:5]}"))
        lines = self.box.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        refs, old = box_refs(dict(line.split(" ") for line in lines)), box_refs(self.state.refs)
        if refs != old:
            found.append(("I1", f"refs of the user changed: {sorted(set(refs.items()) ^ set(old.items()))[:4]}"))
        for before, folder in zip(self.beside, (self.box.outside, self.box.home)):
            after = snapshot(folder)
            if before != after:
                names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
                found.append(("I2", f"changed in {folder.name}: {names[:5]}"))
        new = set(os.listdir(self.box.root)) - self.top
        if new:
            found.append(("I2", f"new beside the repository: {sorted(new)}"))
        return found

    def published(self, tree):
        """I4 and I9: exactly the old, or exactly the approved new; sound, and true as recorded."""
        found, old = [], self.state
        fsck = self.box.git("fsck", "--strict", "--no-dangling", "--no-progress", check=False)
        words = (fsck.stdout + fsck.stderr).decode(errors="replace")
        if fsck.returncode != 0 or any(not line.startswith("notice:") for line in words.splitlines()):
            found.append(("I4", f"git fsck: {words.strip()[:200]}"))
        try:
            now = state(self.box)
        except Damaged as error:
            return found + [("I4", str(error))]
        verified = self.box.lifeos("verify")
        if verified.code != 0:
            found.append(("I4", f"lifeos verify ends with {verified.code}: {verified.says}"))
        if now.ledger[:len(old.ledger)] != old.ledger:
            found.append(("I4", "the record does not continue what it was"))
        added = now.records[len(old.records):]
        for record in added:
            if record["kind"] not in self.scenario.kinds and record.get("outcome") != "failed":
                found.append(("I4", f"the record got an entry of kind {record['kind']}"))
        for name in now.refs:
            if name.startswith(("refs/lifeos/", "refs/heads/lifeos/")) and not OUR_REFS.fullmatch(name):
                found.append(("I4", f"there is a ref {name}"))
        for run, commit in now.runs().items():
            if old.runs().get(run) not in (None, commit):
                found.append(("I4", f"the candidate of run {run} was replaced"))
            elif run not in old.runs() and now.commits[commit] != (tree, self.head):
                found.append(("I9", f"candidate {run} is {now.commits[commit]}, not tree {tree} on {self.head}"))
        gone = set(old.runs()) - set(now.runs())
        if gone:
            found.append(("I4", f"candidates are gone: {sorted(gone)}"))
        return found + self.branch(now, tree) + self.record(now, added, tree) + self.shared(now, tree)

    def branch(self, now, tree):
        old, branch = self.state.branch(), now.branch()
        if branch == old:
            return []
        if not self.scenario.lands:
            return [("I4", f"the branch moved to {branch}")]
        if branch is None:
            return [("I4", "the branch is gone")]
        found = []
        if now.commits[branch] != (tree, self.head):
            found.append(("I4", f"the branch is at {now.commits[branch]}, not at tree {tree} on {self.head}"))
        candidates = [record for record in now.records if (record.get("candidate") or {}).get("commit") == branch]
        approved = {record["digest"] for record in now.records if record["kind"] == "approval"}
        if not any(record["candidate"]["digest"] in approved for record in candidates):
            found.append(("I4", "the branch is at a commit whose approval is not on record"))
        if branch not in now.runs().values():
            found.append(("I9", "the branch is at a commit that was no candidate"))
        return found

    def record(self, now, added, tree):
        found = []
        for record in added:
            candidate = record.get("candidate")
            if candidate and (candidate["tree"] != tree or now.commits.get(candidate["commit"]) != (tree, self.head)):
                found.append(("I9", f"the record tells of candidate {candidate}, not of tree {tree}"))
            if record["kind"] == "landing" and not record.get("remote") and now.branch() != record["new"]:
                found.append(("I9", "a landing is on record, and the branch is somewhere else"))
        return found

    def shared(self, now, tree):
        """I4 and I9 in the remote repository."""
        found, scenario = [], self.scenario
        lines = self.box.git("--git-dir", str(self.box.there), "for-each-ref", "--format=%(refname) %(objectname) %(tree)").splitlines()
        for name, commit, *of in (line.split(" ") for line in lines):
            if commit == self.there.get(name):
                continue
            ours = scenario.is_shared and now.refs.get(name) == commit and name.startswith("refs/lifeos/")
            if not ours and not (name in scenario.there and of == [tree] and commit in now.runs().values()):
                found.append(("I4", f"in the remote repository {name} moved to {commit}"))
        fsck = self.box.git("--git-dir", str(self.box.there), "fsck", "--strict", "--no-dangling", "--no-progress", check=False)
        if fsck.returncode != 0:
            found.append(("I4", f"git fsck of the remote repository: {fsck.stderr.decode(errors='replace').strip()[:200]}"))
        return found

    def secrets(self, *outputs):
        """I3: in what was printed, in git's objects, in the cache, in files left over."""
        found, wanted = [], [SECRET_ENV.encode(), SECRET_FILE.encode()]
        places = [("what was printed", "".join(ran.out + ran.err for ran in outputs).encode())]
        done = self.box.git("cat-file", "--batch-all-objects", "--unordered", "--batch", check=False)
        places.append(("git's objects", done.stdout))
        for folder in (self.box.git_dir / "objects", self.box.git_dir / "lifeos", self.box.tmp, self.box.cache):
            for name, (_, content) in small(folder).items():
                places.append((f"{folder.name}/{name}", content))
                if "git2_" in name:
                    places.append((f"{folder.name}/{name}", inflated(content)))
        for place, content in places:
            if any(secret in content for secret in wanted):
                found.append(("I3", f"a secret is in {place}"))
        return found

    def left(self, is_last=True):
        """Files of ours that should be gone when a run is over."""
        box, found = self.box, []
        for folder, _, names in os.walk(box.git_dir):
            place = os.path.relpath(folder, box.git_dir)
            for name in names:
                # `tmp_pack` and `tmp_obj` are git's own.
                is_temporary = name.endswith(".lock") or "git2_" in name
                if (is_temporary or place == "lifeos") and (place, name) != ("lifeos", "run.lock") and (is_last or not self.is_untold(place, name)):
                    found.append(f".git/{place}/{name}")
        found += [f"TMPDIR/{name}" for name in os.listdir(box.tmp)]
        if box.cache.exists():
            found += [f"cache/{name}" for name in os.listdir(box.cache) if not CACHE_NAME.fullmatch(name)]
        return found

    def is_untold(self, place, name):
        """What stands until the next run has put it on record: that the branch moved, and what was spent."""
        return (place, name) == ("lifeos", "spending") or (place, name) == ("lifeos", "intent") and BRANCH in (self.box.git_dir / place / name).read_text().splitlines()

    def age(self):
        """Makes left-overs of the cache as old as the program says it keeps them."""
        long_ago = time.time() - 100 * 24 * 3600
        for name in self.left():
            if name.startswith("cache/"):
                os.utime(self.box.cache / name[6:], (long_ago, long_ago))

    def gone(self, is_last):
        """I8: no process, lock or temporary file. The last look comes after git's own housekeeping."""
        found, until = [], time.monotonic() + 3
        while running := processes(self.box.root, self.box.program):
            if time.monotonic() > until:
                found.append(("I8", f"processes are left: {running}"))
                break
            time.sleep(0.01)
        left = self.left(is_last)
        if is_last and any("/objects/" in name for name in left):
            self.box.git("prune", "--expire=now")
            left = self.left()
        if left:
            words = sorted({re.sub(r"git2_[0-9a-f]+|(?<=[.-])[0-9a-zA-Z]{6,64}(?=$|/)|\b[0-9a-f]{64}", "#", name) for name in left})
            found.append(("I8", f"left over: {words}"))
        lock = self.box.git_dir / "lifeos/run.lock"
        if lock.exists():
            with open(lock) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    found.append(("I8", "the lock is still held"))
        return found


def answered(ran, is_fault_ours):
    """I7: a documented exit code and one sentence; a disk that refuses is class 50."""
    words = ran.err + ran.out
    if ran.code is None:
        return [("I7", "it did not come to an end in time")]
    if ran.code < 0 or ran.code not in CODES or re.search(r"panicked at|RUST_BACKTRACE|internal error", words):
        return [("I7", f"it ended with {ran.code}: {ran.says}")]
    # A call that came to nothing leaves a run that is told of with its reason.
    errors = [line for line in ran.err.splitlines() if line.startswith(("error: ", "it is not the whole work: "))]
    if ran.code >= 2 and len(errors) != 1 and is_fault_ours != "output":
        return [("I7", f"it ended with {ran.code} and {len(errors)} sentences: {ran.says}")]
    # A disk that refuses git itself is a remote repository that failed.
    if is_fault_ours and ran.code not in (0, 30, 50):
        return [("I7", f"a refusing disk is class 50, and it ended with {ran.code}: {ran.says}")]
    return []


def box_refs(refs):
    return {name: commit for name, commit in refs.items() if not name.startswith(("refs/lifeos/", "refs/heads/lifeos/"))}


def small(folder):
    """Files but for compiled code, which is the same for all."""
    if not folder.exists():
        return {}
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = (0, file.read())
    return found


def inflated(content):
    try:
        return zlib.decompressobj().decompress(content)
    except zlib.error:
        return b""
