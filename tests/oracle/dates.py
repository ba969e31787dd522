#!/usr/bin/env python3
"""Counts how many stamps agree with the history, before and after doc hygiene, with the mass-commit rule and without it.

    dates.py REPO LIFEOS

What a stamp should say is worked out here from `git log` alone: the author's day of the newest commit, merges aside, that
changed the document's words (runs of letters and digits), or of one that made the same change on another branch. A newer
commit that changed marks or white space alone may be content or formatting; its day is taken as well. With the rule, a
commit of more than 50 files is passed over. Moves are not followed and parallel branches have no order here, so that a
percent or two are expected to disagree. REPO may be bare; everything happens in clones. Exits with 1 if less than 98 %
agree afterwards, or if a second run still wants to change something.
"""

import collections
import datetime
import html
import pathlib
import re
import subprocess
import sys
import tempfile

import lab

KEYS = ("last_updated", "lastmod", "updated", "date_modified", "ms.date")
ANY_KEY = "|".join(re.escape(key) for key in KEYS).encode()
STAMP = re.compile(rb"^[ \t]*[\"']?(?:" + ANY_KEY + rb")[\"']?[ \t]*[:=][ \t]*(.*?),?[ \t]*\r?$", re.M)
FRONT = re.compile(rb"\A(?:\xef\xbb\xbf)?(---|\+\+\+)[ \t]*\r?\n(.*?)^\1[ \t]*\r?$", re.S | re.M)
FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y", "%d %B %Y", "%b %d, %Y")
MASS_FILES = 50
AGREE_MIN = 0.98
HUGE = 4_000_000_000


def stamp(text):
    """The day that a document's stamp says; none if it has no stamp, or one that is no whole date."""
    front = FRONT.search(text)
    found = STAMP.search(front.group(2)) if front else None
    value = found.group(1).decode(errors="replace").strip().strip("\"'").split("T")[0] if found else ""
    for form in FORMS:
        try:
            return datetime.datetime.strptime(value, form).date()
        except ValueError:
            pass
    return None


def content(text):
    """What a document says, without its stamp."""
    front = FRONT.search(text)
    return STAMP.sub(b"", front.group(2)) + b"\n" + text[front.end():] if front else text


def words(text):
    """The same with entities as the characters they are, without marks and line breaks."""
    plain = html.unescape(content(text).decode("utf-8", errors="replace"))
    return re.findall(r"\w+", re.sub(r"<br\s*/?>", " ", plain))


class Blobs:
    """The objects of a repository by id."""

    def __init__(self, repo):
        self.pipe = subprocess.Popen(["git", "-C", repo, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, name):
        self.pipe.stdin.write(name.encode() + b"\n")
        self.pipe.stdin.flush()
        head = self.pipe.stdout.readline().split()
        if head[-1] == b"missing":
            return None
        return self.pipe.stdout.read(int(head[2]) + 1)[:-1]


def documents(repo, revision, blobs):
    """Path and text of every document with a stamp, hidden ones aside, which `**` does not grant."""
    listed = lab.git(repo, "ls-tree", "-r", "-z", revision).decode(errors="surrogateescape").split("\0")[:-1]
    texts = {}
    for about, path in (line.split("\t", 1) for line in listed):
        mode, _, blob = about.split()
        if mode.startswith("100") and path.endswith((".md", ".markdown")) and not f"/{path}".count("/."):
            text = blobs.read(blob)
            if text is not None and stamp(text):
                texts[path] = text
    return texts


def history(repo, paths):
    """For each path its commits, newest first: the author's day, files changed, blob before and after."""
    command = ["git", "-C", repo, "log", "--topo-order", "--no-merges", "--raw", "--no-abbrev", "--no-renames", "--root", "-z"]
    log = subprocess.Popen([*command, "--format=%x01%aI"], stdout=subprocess.PIPE)
    past = collections.defaultdict(list)
    for entry in entries(log.stdout):
        day, *changes = entry.lstrip(b"\0").split(b"\0")
        changes = [change for change in changes if change]
        pairs = list(zip(changes[::2], changes[1::2]))
        for about, path in pairs:
            path = path.decode(errors="surrogateescape")
            if path in paths:
                _, _, before, after, _ = about.decode().lstrip("\n:").split()
                past[path].append((datetime.date.fromisoformat(day[:10].decode()), len(pairs), before, after))
    return past


def entries(stream):
    """The parts of a stream between the bytes 1."""
    rest = b""
    while block := stream.read(1 << 20):
        *whole, rest = (rest + block).split(b"\x01")
        yield from (entry for entry in whole if entry)
    if rest:
        yield rest


def right_days(past, files_max, blobs):
    """The days a stamp may say."""
    made, days = None, set()
    for day, files, before, after in past:
        if files > files_max or made not in (None, (before, after)):
            continue
        texts = [blobs.read(name) if name.strip("0") else None for name in (before, after)]
        if texts[1] is None:
            break
        if texts[0] is None or words(texts[0]) != words(texts[1]):
            made = before, after
        if made or content(texts[0]) != content(texts[1]):
            days.add(day)
    return days if made else set()


def compare(texts, right):
    """How many stamps say a right day, and how many are off by a week at most."""
    off = [min(abs((stamp(texts[path]) - day).days) for day in days) for path, days in right.items() if path in texts]
    return sum(days == 0 for days in off), sum(days <= 7 for days in off)


def measure(repo, lifeos, scratch, texts, past, files_max):
    """One row: with the rule or without."""
    blobs = Blobs(repo)
    right = {path: days for path in texts if (days := right_days(past[path], files_max, blobs))}
    clone = pathlib.Path(scratch, f"clone-{files_max}")
    lab.run("git", "clone", "--quiet", "--no-checkout", repo, clone)
    task = lab.Task(lifeos, clone, scratch, f"lint = false\nformat = false\nmass_commit_files = {files_max}\n")
    branch = task.landed()
    after = documents(clone, branch or "HEAD", Blobs(clone))
    edits = sum(path in after and stamp(after[path]) != stamp(text) for path, text in texts.items())
    lab.git(clone, "update-ref", "HEAD", branch or "HEAD")
    again = task.landed()
    before, (exact, week) = compare(texts, right), compare(after, right)
    wrong = [path for path, days in right.items() if path in after and stamp(after[path]) not in days]
    share = lambda count: f"{count:,} ({100 * count / max(len(right), 1):.1f} %)"
    name = f"commits over {files_max} files passed over" if files_max < HUGE else "every commit counts"
    row = (name, len(texts), len(right), share(before[0]), share(before[1]), edits, share(exact), share(week),
           "changes" if again else "nothing")
    return row, wrong, again is None and exact >= AGREE_MIN * len(right)


def main(repo, lifeos):
    texts = documents(repo, "HEAD", Blobs(repo))
    past = history(repo, texts)
    rows, good = [], True
    with tempfile.TemporaryDirectory() as scratch:
        for files_max in (MASS_FILES, HUGE):
            row, wrong, is_good = measure(repo, lifeos, scratch, texts, past, files_max)
            rows.append(row)
            good = good and is_good
            print(f"{row[0]}: {len(wrong)} disagree afterwards: {' '.join(wrong[:5])}")
    head = ("rule", "stamps", "with a day", "agree", "within 7 days", "edited", "agree after", "within 7 days after")
    lab.table((*head, "second run"), rows)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
