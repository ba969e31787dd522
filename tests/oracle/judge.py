#!/usr/bin/env python3
"""Judges what doc hygiene changed with a renderer that is not ours.

    judge.py commit REPO OLD NEW    every document that differs between two commits of REPO
    judge.py spec FILE LIFEOS       every example of a CommonMark specification (JSON: a list of {"markdown": ...})

Needs the program `cmark-gfm` (Debian: apt-get install cmark-gfm). Prints what was judged and what is bad, and exits with
1 if anything is. A document is bad when its structure, visible text, code or extension marks differ, or a destination
unless it is a repair: nothing was at the old path, a file is at the new one, and what follows the path is the same.
"""

import collections
import json
import os
import posixpath
import re
import subprocess
import sys
import tempfile
import urllib.parse

RENDER = ["cmark-gfm", "--unsafe", "--extension", "table", "--extension", "strikethrough", "--extension", "autolink",
          "--extension", "tasklist", "--extension", "footnotes"]
MARKS = re.compile(
    r"\[![A-Za-z]+\]|\{\{[<%][^\n]*?[>%]\}\}|\{%[^\n]*?%\}|^[ \t]*:::[^\n]*|\[\[[^\n]*?\]\]|\[\^[^\]\n]+\]|\{\{#[^\n]*?\}\}|\$\$",
    re.MULTILINE)
FRONT = re.compile(r"(---|\+\+\+)[ \t]*\r?\n.*?\r?\n\1[ \t]*(\r?\n|$)", re.DOTALL)
DESTINATION = re.compile(r'(?<= href=")[^"]*|(?<= src=")[^"]*')
STAMP = re.compile(r"^(ms\.date|last_updated|lastmod|updated|date_modified).*$", re.MULTILINE)


def run(*command, data=None):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def render():
    """The renderer, with footnotes as an option where they are no extension."""
    known = run("cmark-gfm", "--list-extensions").decode()
    if "footnotes" in known:
        return RENDER
    return RENDER[:-2] + ["--footnotes"]


def meaning(text, command):
    text = text.removeprefix("\ufeff")
    found = FRONT.match(text)
    front, body = (found.group(0), text[found.end():]) if found else ("", text)
    html = run(*command, data=body.encode()).decode()
    parts = re.split(r"(<pre.*?</pre>|<code.*?</code>)", html, flags=re.DOTALL)
    even = "".join(part if at % 2 else re.sub(r"\s+", " ", part) for at, part in enumerate(parts))
    even = even.replace("> ", ">").replace(" <", "<")
    return {
        "front matter": STAMP.sub("", front),
        "structure": DESTINATION.sub("", even),
        "destinations": DESTINATION.findall(even),
        "text": " ".join(re.sub(r"<[^>]*>", " ", even).split()),
        "code": re.findall(r"<pre.*?</pre>", html, re.DOTALL),
        "marks": [mark.strip() for mark in MARKS.findall(body)],
    }


def differences(old, new, command):
    one, other = meaning(old, command), meaning(new, command)
    return [aspect for aspect in one if one[aspect] != other[aspect]]


def repairs(name, texts, files, command):
    """How many destinations differ between two texts; none if one of them is no repair."""
    old, new = (meaning(text, command)["destinations"] for text in texts)
    pairs = [(one, other) for one, other in zip(old, new) if one != other]
    return len(pairs) if len(old) == len(new) and all(is_repair(name, *pair, files) for pair in pairs) else None


def is_repair(name, old, new, files):
    (old, old_rest), (new, new_rest) = (re.match(r"([^?#]*)(.*)", text).groups() for text in (old, new))
    at = [posixpath.normpath(posixpath.join(posixpath.dirname(name), urllib.parse.unquote(path))) for path in (old, new)]
    return old_rest == new_rest and at[0] not in files and at[1] in files


def report(judged, bad):
    counts = collections.Counter(aspect for aspects in bad.values() for aspect in aspects)
    print(f"{judged} judged, {len(bad)} bad {dict(counts) or ''}")
    for name, aspects in list(bad.items())[:20]:
        print(f"  {name}: {', '.join(aspects)}")
    return 1 if bad else 0


def commit(repo, old, new):
    command = render()
    names = run("git", "-C", repo, "diff", "--name-only", "-z", old, new).decode().split("\0")[:-1]
    files = set(run("git", "-C", repo, "ls-tree", "-r", "-z", "--name-only", old).decode().split("\0"))
    bad, repaired = {}, 0
    for name in names:
        texts = [run("git", "-C", repo, "show", f"{rev}:{name}").decode() for rev in (old, new)]
        aspects = differences(*texts, command)
        count = repairs(name, texts, files, command) if aspects == ["destinations"] else None
        if count is not None:
            repaired += count
        elif aspects:
            bad[name] = aspects
    print(f"{repaired} destinations repaired")
    return report(len(names), bad)


CONFIG = """version = 1
[task.docs]
plugin = "doc-hygiene"
read = ["**/*.md"]
edit = ["**/*.md"]
approve = "auto"
[task.docs.limits]
edit_files_max = 10000
removed_percent_max = 100
"""


def spec(path, lifeos):
    """One repository with one document for each example, run twice."""
    with open(path, encoding="utf-8") as file:
        examples = json.load(file)
    with tempfile.TemporaryDirectory() as repo:
        git = ["git", "-C", repo, "-c", "user.name=oracle", "-c", "user.email=oracle@localhost"]
        run(*git, "init", "--quiet", "--initial-branch=main")
        for number, example in enumerate(examples):
            with open(os.path.join(repo, f"{number:04}.md"), "w", encoding="utf-8", newline="") as file:
                file.write(example["markdown"])
        with open(os.path.join(repo, "lifeos.toml"), "w", encoding="utf-8") as file:
            file.write(CONFIG)
        run(*git, "add", "--all")
        run(*git, "commit", "--quiet", "--message", "examples")
        print(run(lifeos, "-C", repo, "run", "docs").decode().strip())
        worst = commit(repo, "main", "lifeos/docs")
        run(*git, "merge", "--quiet", "--ff-only", "lifeos/docs")
        again = subprocess.run([lifeos, "-C", repo, "run", "docs", "--detailed-exitcode"], capture_output=True, check=False)
        print("second run:", again.stdout.decode().strip())
        return worst if again.returncode == 3 else 1


if __name__ == "__main__":
    verbs = {"commit": (commit, 3), "spec": (spec, 2)}
    verb, count = verbs.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if verb is None or len(sys.argv) != count + 2:
        sys.exit(__doc__)
    sys.exit(verb(*sys.argv[2:]))
