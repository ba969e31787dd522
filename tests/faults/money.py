"""I5: what a model costs. A model on this machine that looks at the journal when
it is asked, and sums of the record that are held against it.

No request comes without its reservation on disk; what was served, and what was
known to be spent, is on record for good; a call is counted once.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trace
from box import CHANGE, PLAN

# What an answer is said to have taken.
TOKENS = {"input": 1000, "output": 500}
FIELDS = ("attempts", "input", "output", "cost")


class Model:
    """Answers on this machine; `journal` is looked at when a request has come whole."""

    def __init__(self, journal):
        self.journal, self.served, self.unreserved = journal, 0, 0
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = self.rfile.read(int(self.headers.get("content-length", 0))).decode(errors="replace")
                model.served += 1
                # Each call is settled before the next one is reserved.
                model.unreserved += open_calls(lines(model.journal)) == 0
                said = PLAN if "Say which files you need" in asked else CHANGE
                message = {"message": {"role": "assistant", "content": json.dumps(said)}, "finish_reason": "stop"}
                usage = {"prompt_tokens": TOKENS["input"], "completion_tokens": TOKENS["output"]}
                body = json.dumps({"id": "a-1", "model": "m-1", "choices": [message], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Whoever asked may have been killed."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self):
        self.served = self.unreserved = 0

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def lines(path):
    """The lines of a journal, without checksums; up to the first that is not whole."""
    try:
        text = path.read_bytes().split(b"\0")[0]
    except OSError:
        return []
    found = []
    for line in text.split(b"\n")[:-1]:
        try:
            found.append(json.loads(line.split(b" ", 2)[2]))
        except (IndexError, ValueError):
            break
    return found


def open_calls(journal):
    return sum("reserved" in line for line in journal) - sum("settled" in line for line in journal)


def amounts(total):
    return {name: total["tokens"][name] if name in TOKENS else total[name] for name in FIELDS}


def added(one, other):
    return {name: one.get(name, 0) + other[name] for name in FIELDS}


def settled(journal):
    """What a journal says for sure: its id, and the sum; none if it does not tell whose it is."""
    if not journal or "begun" not in journal[0]:
        return {}
    total = dict.fromkeys(FIELDS, 0)
    for line in journal:
        total = added(total, amounts(line["settled"]["real"])) if "settled" in line else total
    return {journal[0]["begun"]["id"]: total}


def recorded(records):
    """The sum of each journal that a record tells of; of what is told twice the more."""
    found = {}
    for record in records:
        asked = record if record["kind"] == "spend" else record.get("model")
        if not asked:
            continue
        total = dict.fromkeys(FIELDS, 0)
        for day in asked["spent"].values():
            total = added(total, amounts(day))
        known = found.setdefault(asked["journal"], total)
        found[asked["journal"]] = {name: max(known[name], total[name]) for name in FIELDS}
    return found


def unflushed(log):
    """Requests that were sent before the journal was on the disk."""
    dirty, is_reserved, found = False, False, []
    for call in log.calls:
        is_journal = "/lifeos/spending>" in call.text.split(",")[0]
        if is_journal and call.name in trace.WRITES:
            dirty, is_reserved = True, is_reserved or '"reserved' in call.text or '\\"reserved' in call.text
        elif is_journal and call.name in trace.SYNCS and not call.failed:
            dirty = False
        elif "<socket:" in call.text.split(",")[0] and call.name in trace.WRITES + trace.SENDS and (dirty or not is_reserved):
            found.append((call, "a request was sent before its reservation was flushed"))
    return found


class Account:
    """What one box was served, and what it is known to have spent."""

    def __init__(self, box, model):
        self.box, self.model, self.known = box, model, {}

    def held(self, records, is_last):
        """I5 after a command: nothing lost, nothing sent without a reservation, nothing counted twice."""
        journal = lines(self.box.git_dir / "lifeos/spending")
        there, found = recorded(records), []
        for name, total in self.known.items():
            if any(there.get(name, {}).get(field, 0) < total[field] for field in FIELDS) and (is_last or name not in settled(journal)):
                found.append(("I5", f"of journal {name} {total} was settled, and {there.get(name)} is on record"))
        for name, total in (there | settled(journal)).items():
            self.known[name] = {field: max(total[field], self.known.get(name, {}).get(field, 0)) for field in FIELDS}
        if is_last and journal:
            found.append(("I5", "the journal of a run that is over was not folded"))
        if not self.model:
            return found
        if self.model.unreserved:
            found.append(("I5", f"{self.model.unreserved} requests came without a reservation on disk"))
        attempts = sum(total["attempts"] for total in there.values())
        if is_last:
            for field, each in (("attempts", 1), ("input", TOKENS["input"]), ("output", TOKENS["output"])):
                total = sum(one[field] for one in there.values())
                if total < self.model.served * each:
                    found.append(("I5", f"{self.model.served} requests were served, and {total} {field} are on record"))
            # Struck between its reservation and its sending, or while it was being sent.
            if attempts > self.model.served + 1:
                found.append(("I5", f"{self.model.served} requests were served, and {attempts} are on record"))
        return found
