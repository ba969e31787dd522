"""A plugin over documents: the host hands them to `check` one by one."""

import re

from sdk import Report, chosen, note, replacement, warning


def configure(options):
    """Takes what the owner set in `[task.NAME.options]`; `check` gets what this returns."""
    return chosen(options, word="TODO")


def check(document, options):
    """What is found in a document, and what is to change in it."""
    report = Report()
    text = document.text
    line_break = "\r\n" if "\r\n" in text else "\n"
    end = len(text.rstrip())
    if text and text[end:] != line_break:
        seen = warning("end", "the text does not end with one line break", document, end, len(text))
        report.repair(document, seen, replacement(document, end, len(text), line_break))
    word = options["word"]
    for match in re.finditer(re.escape(word) + r"(?!\()", text) if word else ():
        message = f"this {word} names nobody"
        seen = note("owner", message, document, match.start(), match.end(), help=f"write {word}(NAME)")
        report.findings.append(seen)
    return report
