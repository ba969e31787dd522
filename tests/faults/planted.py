"""Shows that the harness finds faults: wrappers around the program do wrong on
purpose, and each must be reported under the invariant that it breaks."""

import argparse
import re
import sys
import time

import scenarios
from strike import Stage, strike_all

# What is done after the program: the invariant that must be reported, a scenario, a line of shell.
PLANTED = [
    ("I1", "run", "git -c core.hooksPath=/dev/null update-ref -d refs/heads/other"),
    ("I1", "run", "echo changed >> docs/b.md"),
    ("I1", "run", "git config user.name Other"),
    ("I2", "run", "echo new > ../outside/new.txt"),
    ("I2", "run", "echo new > ../home/.new"),
    ("I3", "run", 'echo "$LIFEOS_TEST_SECRET"'),
    ("I3", "run", "cat secret.env | git hash-object -w --stdin >/dev/null"),
    ("I3", "run", 'cat secret.env > ../cache/key.note'),
    ("I4", "run", "git -c core.hooksPath=/dev/null update-ref -d refs/lifeos/ledger"),
    ("I4", "run", "git -c core.hooksPath=/dev/null update-ref refs/heads/lifeos/docs HEAD"),
    ("I4", "run-waiting", "git -c core.hooksPath=/dev/null update-ref refs/heads/lifeos/docs $(git for-each-ref "
                          "--format='%(objectname)' refs/lifeos/runs)"),
    ("I4", "run", "rm -rf .git/objects/pack/*.pack"),
    ("I5", "ask-away", "git -c core.hooksPath=/dev/null update-ref -d refs/lifeos/ledger"),
    ("I5", "ask-away", "curl -s -d x $(sed -n 's/^endpoint = \"\\(.*\\)\"/\\1/p' lifeos.toml)/chat/completions >/dev/null"),
    ("I6", "run", "exit 1"),
    ("I7", "run", "exit 101"),
    ("I7", "run", "kill -SEGV $$"),
    ("I8", "run", "touch ../tmp/lifeos-gate-left"),
    ("I8", "run", "touch .git/refs/heads/main.lock"),
    ("I8", "run", "(sleep 8 >/dev/null 2>&1 &)"),
    ("I9", "run", "git -c core.hooksPath=/dev/null update-ref refs/heads/lifeos/docs $(git commit-tree -p HEAD -m x "
                  "$(git rev-parse refs/heads/lifeos/docs^{tree}))"),
]


def all_found(work, program, code):
    """Plants one after the other; 0 if each was reported."""
    options = argparse.Namespace(only=1, every=1, faults=["enospc"], until=time.monotonic() + 600)
    missed, usual = 0, {}
    # Without a fault first: what is reported anyway proves nothing.
    plain = [("", scenario, ":") for scenario in dict.fromkeys(row[1] for row in PLANTED)]
    for number, (invariant, scenario, line) in enumerate(plain + PLANTED):
        folder = work / f"planted-{number}"
        folder.mkdir()
        wrapper = folder / "wrapper"
        # What only asks is left alone, so that it is the checks and not the questions that tell.
        wrapper.write_text(f'#!/bin/sh\n"{program}" "$@"\ncode=$?\ncase $1 in run) {line};; esac\nexit $code\n')
        wrapper.chmod(0o755)
        stage = Stage(scenarios.named([scenario])[0], folder, wrapper, code, False)
        violations = strike_all(stage, options).violations
        told = {(violation.invariant, re.sub("[0-9a-f]{5,}", "#", violation.words)) for violation in violations}
        if not invariant:
            usual[scenario] = told
            continue
        found = {name for name, _ in told - usual[scenario]}
        is_found = invariant in found
        missed += not is_found
        print(f"{'found' if is_found else 'MISSED'}  {invariant}  {line[:90]}  (reported: {', '.join(sorted(found))})")
    print(f"planted: {len(PLANTED)} faults, {len(PLANTED) - missed} found")
    print(file=sys.stderr)
    return 1 if missed else 0
