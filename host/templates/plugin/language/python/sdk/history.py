"""How a file came to be (capability `history`)."""

from wit_world.imports.history import Revision, revisions, texts

__all__ = ["Revision", "revisions", "texts"]
