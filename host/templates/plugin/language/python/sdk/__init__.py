"""Short ways to make the contract's words. Offsets are those of Python strings;
the host counts bytes, and what is made here is counted so."""

import json
from dataclasses import dataclass, field, replace as changed

from wit_world.imports import types
from wit_world.imports.types import Document, Finding, Replacement, Severity, Span

__all__ = [
    "Conclusion",
    "Document",
    "Edit",
    "Report",
    "Severity",
    "chosen",
    "error",
    "finding",
    "note",
    "replacement",
    "span",
    "warning",
]


def chosen(options, **defaults):
    """The owner's options over the defaults, as a dictionary. The run ends at one that has another name or type."""
    for key, value in options.items():
        if key not in defaults:
            raise ValueError(f"options: there is no `{key}`; there are: {', '.join(defaults) or 'none'}")
        if type(value) is not type(defaults[key]):
            raise ValueError(f"options: `{key}` is of another type than {defaults[key]!r}")
    return {**defaults, **options}


def span(document, start, end):
    """Characters `start` to `end` of a document."""
    first = len(document.text[:start].encode())
    return Span(first, first + len(document.text[start:end].encode()))


def replacement(document, start, end, text):
    """New text for characters `start` to `end` of a document."""
    return Replacement(span(document, start, end), text)


def finding(severity, rule, message, document=None, start=None, end=None, path=None, help=None, repaired=False):
    """Something seen: in the repository, in a file, or at characters of a document."""
    where = None if start is None else span(document, start, end)
    return Finding(rule, severity, path or (document and document.path), where, message, help, repaired)


def error(rule, message, document=None, start=None, end=None, **more):
    """Something that is wrong."""
    return finding(Severity.ERROR, rule, message, document, start, end, **more)


def warning(rule, message, document=None, start=None, end=None, **more):
    """Something that should be better."""
    return finding(Severity.WARNING, rule, message, document, start, end, **more)


def note(rule, message, document=None, start=None, end=None, **more):
    """Something to know."""
    return finding(Severity.NOTE, rule, message, document, start, end, **more)


@dataclass
class Report:
    """The answer for one document."""

    findings: list = field(default_factory=list)
    replacements: list = field(default_factory=list)
    summary: bytes = b""

    def repair(self, document, seen, new):
        """A finding and the replacement that takes care of it; only the finding where no edit could pass."""
        self.findings.append(changed(seen, repaired=document.editable))
        if document.editable:
            self.replacements.append(new)

    def summarize(self, value):
        """Keeps a value of this document for `conclude`."""
        self.summary = json.dumps(value).encode()


@dataclass
class Conclusion:
    """The answer for the set."""

    findings: list = field(default_factory=list)
    edits: list = field(default_factory=list)


class Edit:
    """What a plugin may ask for."""

    @staticmethod
    def replace(document, replacements):
        """Replaces parts of a document."""
        return types.Edit_Change(types.Change(document.path, document.id, replacements))

    @staticmethod
    def rewrite(document, text):
        """Gives a document a new text."""
        return Edit.replace(document, [replacement(document, 0, len(document.text), text)])

    @staticmethod
    def create(path, text):
        """Makes a file that is not there."""
        return types.Edit_Create(types.Creation(path, text))

    @staticmethod
    def delete(document):
        """Removes a document."""
        return types.Edit_Delete(types.Deletion(document.path, document.id))
