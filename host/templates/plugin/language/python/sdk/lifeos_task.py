"""The component's world `task`, made of the function `run` of `app.py`."""

import json

import app
from componentize_py_types import Err


class WitWorld:
    """What the host calls. An exception ends the run with its words."""

    def run(self, input):
        try:
            app.run(json.loads(input.options), input)
        except Exception as error:
            raise Err(f"{type(error).__name__}: {error}") from error
