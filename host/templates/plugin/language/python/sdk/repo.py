"""Listing and reading the base commit (capability `read`). A path that cannot be read is `None`."""

from componentize_py_types import Err
from wit_world.imports import repo as host


def all_files(pattern):
    """The paths that match a pattern, in byte order."""
    page = host.list_files(pattern, None)
    entries = page.entries
    while page.next is not None:
        page = host.list_files(pattern, page.next)
        entries += page.entries
    return [entry.path for entry in entries]


def read(path):
    """A document, or None: there is no such file, it is no text, it is not granted."""
    try:
        return host.read_file(path)
    except Err:
        return None
