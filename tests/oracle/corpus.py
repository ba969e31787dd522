"""Documents of a repository and the links in them that a simple scanner is sure of. It judges no link."""

import collections
import dataclasses
import pathlib
import posixpath
import re

import lab

LINK = re.compile(r"(?<![\\!])\[[^\[\]\n`]*\]\(([\w./-]+\.md)(?:#([\w-]+))?\)")
# In a book: pages by the name they are published under, and definitions of references.
BOOK = re.compile(r"(?<![\\!])\[[^\[\]\n`]*\]\(([\w./-]+\.html)(?:#([\w-]+))?\)")
DEFINITION = re.compile(r"^\[([^\]\n`]+)\]: ([\w./-]+\.(?:html|md))(?:#([\w-]+))?(?:\s*<!--.*-->)?\s*$")
ENTRY = re.compile(r"^\s*(?:- )?href:\s*([\w./-]+\.md)\s*$")
FENCE = re.compile(r"^[\s>]*(?:[-*+]|\d+\.)?\s*(```|~~~)")
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.M)


@dataclasses.dataclass(frozen=True, order=True)
class Link:
    """A destination in a line of a document, or of a navigation."""

    path: str
    line: int
    start: int
    end: int
    target: str
    fragment: str


class Corpus:
    """Documents and the links that are certain."""

    def __init__(self, repo):
        self.repo = pathlib.Path(repo)
        self.files = set(lab.git(repo, "ls-files", "-z").decode(errors="surrogateescape").split("\0")[:-1])
        names = [path for path in sorted(self.files) if path.endswith((".md", "toc.yml", "TOC.yml")) and not hidden(path)]
        self.lines = {path: self.read(path) for path in names}
        self.text = "\n".join("\n".join(lines) for lines in self.lines.values()).lower()
        self.books = {posixpath.dirname(path) + "/" for path in names if path.endswith("SUMMARY.md")}
        self.links = [link for path in names for link in self.scan(path)]
        self.inbound = collections.defaultdict(list)
        for link in self.links:
            self.inbound[link.target].append(link)

    def read(self, path):
        file = self.repo / path
        return [] if file.is_symlink() else file.read_bytes().decode("utf-8", errors="surrogateescape").split("\n")

    def scan(self, path):
        for at, line in self.prose(path):
            if definition := DEFINITION.match(line):
                if self.text_of(path).count(f"[{definition[1]}]") > 1:
                    yield from self.link(path, at, definition, 2)
            elif is_navigation(path) or not ("`" in line or "<" in line or line.startswith(("    ", "\t"))):
                for pattern in (LINK, BOOK) if path.endswith(".md") else (ENTRY,):
                    for found in pattern.finditer(line):
                        yield from self.link(path, at, found, 1)

    def prose(self, path):
        """The numbered lines outside fences and comments."""
        is_code = is_comment = False
        for at, line in enumerate(self.lines[path]):
            if not is_comment and FENCE.match(line):
                is_code = not is_code
            elif not is_code:
                if not is_comment:
                    yield at, line
                opening, closing = line.rfind("<!--"), line.rfind("-->")
                is_comment = opening > closing or is_comment and closing < 0

    def link(self, path, at, found, group):
        """The link whose destination is a group of what was found, and its fragment the one after."""
        page = re.sub(r"\.html$", ".md", found[group])
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), page))
        is_page = page == found[group] or any(path.startswith(book) and target.startswith(book) for book in self.books)
        if target in self.files and target != path and not page.startswith("/") and is_page:
            fragment = found[group + 1] or "" if found.re.groups > group else ""
            yield Link(path, at, found.start(group), found.end(group + 1 if fragment else group), target, fragment)

    def text_of(self, path):
        return "\n".join(self.lines[path])

    def mentions(self, path):
        """How often the file's name occurs anywhere, with any ending, alone or within another word."""
        return self.text.count(posixpath.basename(path).removesuffix(".md").lower())

    def has_heading(self, path, fragment):
        headings = HEADING.findall("\n".join(line.rstrip("\r") for _, line in self.prose(path)))
        return fragment in {re.sub(r"[^\w\- ]", "", text).strip().lower().replace(" ", "-") for text in headings}


def hidden(path):
    return any(part.startswith(".") for part in path.split("/"))


def is_navigation(path):
    return posixpath.basename(path).lower() in ("summary.md", "toc.yml", "toc.md")
