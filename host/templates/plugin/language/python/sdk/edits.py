"""Proposing edits from a task (capability `edit`)."""

from componentize_py_types import Err
from wit_world.imports import edits as host


def propose(edit):
    """Whether the host took the edit; why it did not stands in the report of the run."""
    try:
        host.propose(edit)
        return True
    except Err:
        return False
