"""The component's world `file-task`, made of the functions of `app.py`."""

import json

import app
from componentize_py_types import Err
from sdk import Conclusion

options = {}


class WitWorld:
    """What the host calls. An exception ends the run with its words."""

    def configure(self, settings):
        given = json.loads(settings.options)
        options.update(answer(lambda: app.configure(given)) if hasattr(app, "configure") else given)

    def check(self, document):
        return answer(lambda: app.check(document, options))

    def conclude(self, summaries):
        if not hasattr(app, "conclude"):
            return Conclusion()
        kept = {summary.path: json.loads(summary.data) for summary in summaries if summary.data}
        return answer(lambda: app.conclude(kept, options))


def answer(ask):
    try:
        return ask()
    except Exception as error:
        raise Err(f"{type(error).__name__}: {error}") from error
