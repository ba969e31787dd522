#!/usr/bin/env python3
"""What a trace costs: `lifeos check` with and without, in turn, over one repository.

    trace.py LIFEOS REPO [ROUNDS]

Medians of wall clock and of processor time, cold (nothing remembered but the compiled code) and warm. The task is `docs` of
`lifeos init`, with room for every edit. `check` notes no calls by itself, since nobody reads them there; with the hidden
`--trace` it notes them as `run` does.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

lifeos, repo = os.path.abspath(sys.argv[1]), sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
scratch = tempfile.mkdtemp()
config = os.path.join(scratch, "lifeos.toml")
shown = subprocess.run([lifeos, "init"], cwd=repo, capture_output=True, text=True, check=True).stdout
with open(config, "w") as file:
    bounds = "edit_files_max = 100000\nedit_bytes_max = 1000000000\nremoved_percent_max = 100\nread_bytes_max = 8000000\n"
    file.write(shown.replace("edit_files_max = 100\n", bounds))


def check(side, more):
    words = [lifeos, "check", "docs", "--no-diff", "--config", config, "--cache-dir", os.path.join(scratch, side)]
    before, begin = os.times(), time.monotonic()
    ended = subprocess.run(words + more + (["--trace"] if side == "on" else []), cwd=repo, capture_output=True)
    wall, after = time.monotonic() - begin, os.times()
    assert ended.returncode in (0, 1), ended.stderr.decode()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


for side in ("on", "off"):
    os.mkdir(os.path.join(scratch, side), 0o700)
    check(side, [])
for name, more, count in (("warm", [], rounds * 8), ("cold", ["--no-cache"], rounds)):
    figures = {"on": [], "off": []}
    for number in range(count):
        # In turn, and each of them first as often as second.
        for side in ("on", "off") if number % 2 == 0 else ("off", "on"):
            figures[side].append(check(side, more))
    for at, what in enumerate(("wall", "cpu")):
        on, off = (statistics.median(figure[at] for figure in figures[side]) for side in ("on", "off"))
        pairs = [(one[at] - other[at]) / other[at] * 100 for one, other in zip(figures["on"], figures["off"])]
        spread = " ".join(f"{part:+.1f}" for part in (statistics.quantiles(pairs, n=4) if len(pairs) > 1 else pairs))
        print(f"{name} {what}: on {on:.3f} s, off {off:.3f} s, {(on - off) / off * 100:+.2f} %; of pairs, quartiles {spread} %")
