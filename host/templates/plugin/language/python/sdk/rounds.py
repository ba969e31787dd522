"""What became of the proposal of the round before (capability `rounds`)."""

from wit_world.imports.rounds import previous

__all__ = ["previous"]
