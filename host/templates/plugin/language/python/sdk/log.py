"""Lines for the author."""

from wit_world.imports import log as host


def write(text):
    """Writes one line; `lifeos check` shows it."""
    host.write(host.Level.INFO, str(text))
