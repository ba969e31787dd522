#!/usr/bin/env python3
"""Makes the ledger of a repository N entries long: copies of its first one, each with a run of its own.

    ledger.py REPO N
"""

import hashlib
import json
import subprocess
import sys

repo, count = sys.argv[1], int(sys.argv[2])


def git(*words):
    return subprocess.run(["git", "-C", repo, *words], capture_output=True, text=True, check=True).stdout


def name(kind, content):
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


entries = git("log", "--reverse", "--format=%H", "refs/lifeos/ledger").split()
first = json.loads(git("cat-file", "blob", f"{entries[0]}:record.json"))
last = json.loads(git("cat-file", "blob", f"{entries[-1]}:record.json"))
parent, begin = entries[-1], last["at"]
importing = subprocess.Popen(["git", "-C", repo, "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE)
write = importing.stdin.write
write(f"reset refs/lifeos/ledger\nfrom {parent}\n\n".encode())
for number in range(len(entries), count):
    # Runs that came to nothing are the most common ones.
    record = first | {"run": f"{number:012x}", "at": begin + number, "previous": parent, "outcome": "nothing",
                      "candidate": None, "edits": []}
    text = json.dumps(record, indent=2).encode()
    tree = name("tree", b"100644 record.json\0" + bytes.fromhex(name("blob", text)))
    words = f"docs: result of run {record['run']}".encode()
    who = f"lifeos <lifeos@localhost> {begin + number} +0000".encode()
    commit = f"tree {tree}\nparent {parent}\n".encode() + b"author " + who + b"\ncommitter " + who + b"\n\n" + words
    write(b"commit refs/lifeos/ledger\ncommitter " + who + b"\ndata %d\n" % len(words) + words + b"\ndeleteall\n")
    write(b"M 100644 inline record.json\ndata %d\n" % len(text) + text + b"\n")
    parent = name("commit", commit)
importing.stdin.close()
importing.wait()
assert git("rev-parse", "refs/lifeos/ledger").strip() == parent
