"""Reporting findings from a task."""

from wit_world.imports.findings import report

__all__ = ["report"]
