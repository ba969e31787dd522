#!/usr/bin/env python3
"""Plants defects in a copy of a repository and looks whether doc hygiene finds exactly those.

    seed.py REPO LIFEOS [K]

Planted are K (10) each of: a link to a file that is not there, a link to a heading that is not there, a link whose file
name has another case; and one page whose only mention goes, one page that goes from the navigation though others link to
it, one page under another name. The findings before and after are compared by path, rule and text of the line, so that
moved lines do not matter. Whatever a simple scanner here is not sure of is not used as a place to plant. The choice is the
same for each run. Exits with 1 if a defect is missed, if anything else is new, or if an old finding is gone.
"""

import collections
import pathlib
import posixpath
import random
import re
import sys
import tempfile

import lab
from corpus import Corpus, is_navigation

OPTIONS = 'lint = false\nformat = false\nstamps = false\norphans = "always"\n'
# Content from elsewhere can bring headings, and templates links.
OPEN = re.compile(r"\[!INCLUDE|:::|\{\{|\{%|<a |<iframe|(?<![\w-])(?:id|name)=", re.I)
SPECIAL = re.compile(r"^(readme|_?index|summary|toc|changelog|contributing|license|code_of_conduct|security|overview)", re.I)


class Seeds:
    """The defects: lines to write, a file to move, and the findings they must give."""

    def __init__(self, corpus, count):
        self.corpus, self.count = corpus, count
        self.random = random.Random(20260101)
        self.used = set()
        self.lines, self.moved, self.wanted = {}, {}, []

    def shuffled(self, items):
        items = sorted(items)
        self.random.shuffle(items)
        return items

    def write(self, link, line, rule):
        self.lines[link.path, link.line] = line
        self.used |= {link.path, link.target}
        if rule:
            self.wanted.append((rule, rule, link.path, link.line))

    def redirect(self, rule, destination, is_fit):
        """Gives links another destination, at most one in each document."""
        left = self.count
        for link in self.shuffled(self.corpus.links):
            if left == 0:
                return
            is_free = not {link.path, link.target} & self.used and not is_navigation(link.path)
            if is_free and len({other.path for other in self.corpus.inbound[link.target]}) >= 2 and is_fit(link):
                line = self.corpus.lines[link.path][link.line]
                new = destination(line[link.start:link.end], left)
                self.write(link, line[:link.start] + new + line[link.end:], rule)
                left -= 1

    def links(self):
        def broken(old, number):
            return old.split("#")[0].removesuffix(".md") + f"-gone-{number}.md"

        def anchor(old, number):
            return old.split("#")[0] + f"#zz-gone-{number}"

        def other_case(old, _):
            folder, name = posixpath.split(old)
            return posixpath.join(folder, name[0].swapcase() + name[1:])

        def is_file(link):
            # What is no file's name is a form that nobody knows for certain.
            return self.corpus.lines[link.path][link.line][link.start:link.end].split("#")[0].endswith(".md")

        def has_anchor(link):
            is_known = link.fragment and self.corpus.has_heading(link.target, link.fragment)
            return is_known and not OPEN.search(self.corpus.text_of(link.target))

        def has_case(link):
            name = posixpath.basename(link.target)
            return is_file(link) and name[0].isalpha() and not SPECIAL.match(name)

        self.redirect("link/broken", broken, lambda link: is_file(link) and not link.fragment)
        self.redirect("link/anchor", anchor, has_anchor)
        self.redirect("link/case", other_case, has_case)

    def pages(self, is_fit):
        """Pages that may be made an orphan, be left out or be moved, with all that leads to them."""
        for page in self.shuffled(self.corpus.inbound):
            inbound = self.corpus.inbound[page]
            # Each entry of a navigation is a line of its own.
            paths = {link.path for link in inbound if not is_navigation(link.path)}
            if not (paths | {page}) & self.used and not SPECIAL.match(posixpath.basename(page)) and page in self.corpus.lines:
                if is_fit(page, [link for link in inbound if is_navigation(link.path)], len(inbound)):
                    yield page, inbound

    def drop(self, rule, is_fit):
        """Takes a page out of the navigation."""
        for page, inbound in self.pages(is_fit):
            entry = next(link for link in inbound if is_navigation(link.path))
            lines = self.corpus.lines[entry.path]
            after = lines[entry.line + 1] if entry.line + 1 < len(lines) else ""
            has_children = indent(after) > indent(lines[entry.line]) or "items:" in after
            if not has_children and not lines[entry.line].lstrip().startswith("- href"):
                self.write(entry, None, None)
                self.used |= {page} | {link.path for link in inbound}
                self.wanted.append((rule, rule, page, None))
                return

    def navigation(self):
        # Only a book is made without what it does not list; few have such pages, so they come first.
        in_book = lambda entries: len(entries) == 1 and entries[0].path.endswith("SUMMARY.md")
        self.drop("index/unlisted", lambda page, entries, count: in_book(entries) and count >= 2)
        self.drop("orphan/document", lambda page, entries, count: len(entries) == count == 1 == self.corpus.mentions(page))

    def rename(self):
        """Moves a page within its folder, where all that names it is known to be a link."""
        # An address of the finished site is never called broken: preprocessors and redirects may make that page.
        is_address = lambda link: ".html" in self.corpus.lines[link.path][link.line]
        known = lambda page, _, count: (
            count >= 2 and count == self.corpus.mentions(page) and not any(map(is_address, self.corpus.inbound[page])))
        for page, inbound in self.pages(known):
            self.moved[page] = posixpath.join(posixpath.dirname(page), "moved-by-the-oracle.md")
            self.used |= {page} | {link.path for link in inbound}
            self.wanted += [("renamed file", "link/broken", link.path, link.line) for link in inbound]
            self.wanted.append(("renamed file", "orphan/document", page, None))
            return

    def plant(self, repo):
        by_path = collections.defaultdict(dict)
        for (path, at), line in self.lines.items():
            by_path[path][at] = line
        for path, changed in by_path.items():
            lines = [changed.get(at, line) for at, line in enumerate(self.corpus.lines[path])]
            text = "\n".join(line for line in lines if line is not None)
            pathlib.Path(repo, path).write_bytes(text.encode("utf-8", errors="surrogateescape"))
        for old, new in self.moved.items():
            lab.git(repo, "mv", old, new)
        lab.commit(repo, "defects")


def indent(line):
    return len(line) - len(line.lstrip()) if line.strip() else 0


def keyed(findings, old_line):
    """Findings counted by rule, path and the line's text as it was before planting."""
    return collections.Counter((one["rule"], *old_line(one)) for one in findings)


def before(seeds):
    """Where a finding of the untouched repository is."""
    def place(one):
        return one["path"], None if about_page(one) else (one["position"]["line"] - 1)
    return lambda one: text_of(seeds, *place(one))


def after(seeds):
    """Where a finding of the planted repository is, in terms of the untouched one."""
    back = {new: old for old, new in seeds.moved.items()}
    dropped = collections.defaultdict(list)
    for (path, at), line in seeds.lines.items():
        if line is None:
            dropped[path].append(at)

    def place(one):
        path = back.get(one["path"], one["path"])
        if about_page(one):
            return path, None
        at = one["position"]["line"] - 1
        for gone in sorted(dropped[path]):
            at += gone <= at
        return path, at
    return lambda one: text_of(seeds, *place(one))


def about_page(one):
    return one["position"] is None or one["rule"] in ("orphan/document", "index/unlisted")


def text_of(seeds, path, at):
    lines = seeds.corpus.lines.get(path, [])
    return path, lines[at] if at is not None and at < len(lines) else ""


def report(seeds, old, new):
    wanted = collections.Counter((rule, *text_of(seeds, path, at)) for _, rule, path, at in seeds.wanted)
    fresh, gone = new - old, old - new
    rows = []
    for kind in dict.fromkeys(kind for kind, *_ in seeds.wanted):
        keys = collections.Counter((rule, *text_of(seeds, path, at)) for name, rule, path, at in seeds.wanted if name == kind)
        rows.append((kind, sum(keys.values()), sum((keys & fresh).values()), sum((keys - fresh).values())))
    lab.table(("planted", "findings due", "found", "missed"), rows)
    # A line that was changed may lose what was wrong with it before.
    changed = {text_of(seeds, path, at) for path, at in seeds.lines}
    lost = {key: count for key, count in gone.items() if key[1:] not in changed}
    for title, keys in (("missed", wanted - fresh), ("not planted", fresh - wanted), ("gone", lost)):
        print(f"{title}: {sum(keys.values())}")
        for rule, path, line in list(keys)[:20]:
            print(f"  {rule} {path}: {line.strip()[:100]}")
    return 1 if wanted - fresh or fresh - wanted or lost else 0


def main(repo, lifeos, count="10"):
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch, "repo")
        lab.run("git", "clone", "--quiet", repo, copy)
        seeds = Seeds(Corpus(copy), int(count))
        seeds.links()
        seeds.navigation()
        seeds.rename()
        task = lab.Task(lifeos, copy, scratch, OPTIONS)
        old = keyed(task.findings(), before(seeds))
        seeds.plant(copy)
        new = keyed(task.findings(), after(seeds))
        print(f"{len(seeds.corpus.lines):,} documents, {sum(old.values()):,} findings before, {sum(new.values()):,} after")
        return report(seeds, old, new)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
