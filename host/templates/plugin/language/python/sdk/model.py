"""Asking a model from a task (capability `model`). The host fills the templates, and keeps a digest of them."""

import json

from componentize_py_types import Err
from wit_world.imports import model as host


class Refused(Exception):
    """Why there is no answer. `kind` is the contract's word for it, such as `not-granted` or `over-budget`."""

    def __init__(self, refusal):
        name = type(refusal).__name__.removeprefix("Refusal_")
        self.kind = "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")
        super().__init__(f"the model was not asked, or gave no answer: {self.kind}")


def system(text):
    """What holds for the whole conversation; first, if at all."""
    return host.Message(host.Role.SYSTEM, text, [])


def user(template, **inputs):
    """A message with places `{{name}}` for what was read."""
    return host.Message(host.Role.USER, template, [host.Input(name, text) for name, text in inputs.items()])


def ask(prompt, *messages, output_tokens=1_000, temperature=None, schema=None, stop=()):
    """The text of the answer; with a schema, its value. `prompt` is a name with a version, such as `title@1`.

    Raises `Refused`, which ends the run unless it is caught.
    """
    text = None if schema is None else json.dumps(schema)
    try:
        reply = host.complete(host.Request(prompt, list(messages), output_tokens, temperature, text, list(stop)))
    except Err as error:
        raise Refused(error.value) from None
    return reply.text if schema is None else json.loads(reply.text)
