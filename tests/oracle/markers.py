#!/usr/bin/env python3
"""Counts, rule by rule, how often doc hygiene and markdownlint agree on the lines of markdownlint's own test documents.

    markers.py FOLDER LIFEOS

FOLDER is `test` of a checkout of markdownlint. Its documents say themselves what is to be found: `{MD011}` on a line means
that rule on that line, `{MD031:+1}` one line below, `{MD013:8}` on line 8. Each document is checked with the defaults of
markdownlint and what its `markdownlint-configure-file` comments set; those with the same settings share a repository.
Hit: rule and line are the same; missed: only markdownlint has it; extra: only doc hygiene has it, for rules that some marker
names. This is a measure and no claim of compatibility: it prints a table and ends with 0 if there was anything to compare.
"""

import collections
import json
import pathlib
import re
import sys
import tempfile

import lab

MARKER = re.compile(r"\{(MD\d+)(?::([-+]?)(\d+))?\}")
SETTINGS = re.compile(r"<!--\s*markdownlint-configure-file\s+(.*?)-->", re.S | re.I)
LINE_END = re.compile(r"\r\n|\r|\n")
# Rules of our own that take the place of one of the linter's.
TWINS = {"link/anchor": "MD051"}
TABLES = ("MD060", "table-column-style", "table")
GRANT = 'read = ["**", ".markdownlint.json"]\nlist = ["**"]\nedit = ["**/*.md"]\n'


def expected(text):
    """The facts (rule, line) that a document states."""
    facts = set()
    for number, line in enumerate(LINE_END.split(text), 1):
        for rule, sign, value in MARKER.findall(line):
            at = {"": int(value or number), "+": number + int(value or 0), "-": number - int(value or 0)}[sign]
            facts.add((rule, at))
    return facts


def settings(text):
    """What the comments of a document set; the linter reads what is no plain JSON by itself."""
    merged = {"default": True}
    for found in SETTINGS.findall(text):
        try:
            merged.update(json.loads(found))
        except ValueError:
            pass
    return json.dumps(merged, sort_keys=True)


def found(lifeos, config, documents):
    """The facts (document, rule, line) that doc hygiene reports."""
    with tempfile.TemporaryDirectory() as scratch:
        repo = pathlib.Path(scratch, "repo")
        lab.repository(repo, {".markdownlint.json": config, **documents})
        options = "format = false\nstamps = false\n"
        # On in markdownlint unless switched off by id, name or tag; opt-in in the linter.
        if not any(json.loads(config).get(name) is False for name in TABLES):
            options += f'lint_enable = ["{TABLES[0]}"]\n'
        task = lab.Task(lifeos, repo, scratch, options, GRANT)
        findings = [one for one in task.findings() if one["path"] and one["position"]]
    return {(one["path"], TWINS.get(one["rule"], one["rule"]), one["position"]["line"]) for one in findings}


def main(folder, lifeos):
    texts, groups = {}, collections.defaultdict(dict)
    for path in sorted(pathlib.Path(folder).glob("*.md")):
        content = path.read_bytes()
        text = content.decode("utf-8", errors="replace")
        if MARKER.search(text):
            texts[path.name] = text
            groups[settings(text)][path.name] = content
    wanted = {(name, rule, line) for name, text in texts.items() for rule, line in expected(text)}
    seen = set().union(*(found(lifeos, config, documents) for config, documents in groups.items()))
    rules = sorted({rule for _, rule, _ in wanted})
    seen = {fact for fact in seen if fact[1] in rules}
    rows = []
    for rule in rules:
        want, see = ({fact for fact in facts if fact[1] == rule} for facts in (wanted, seen))
        rows.append((rule, len(want & see), len(want - see), len(see - want), f"{100 * len(want & see) / len(want):.0f} %"))
    hits = len(wanted & seen)
    rows.append(("all", hits, len(wanted - seen), len(seen - wanted), f"{100 * hits / max(len(wanted), 1):.0f} %"))
    lab.table(("rule", "hit", "missed", "extra", "share"), rows)
    exact = sum(1 for name in texts if {fact for fact in wanted if fact[0] == name} == {fact for fact in seen if fact[0] == name})
    print(f"\n{len(texts)} documents, {len(groups)} configurations, {exact} documents exactly alike")
    return 0 if wanted else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
