"""What the oracles share: git and lifeos as functions over temporary repositories. It judges nothing.

ORACLE_PLUGIN is the path of a component to judge in place of the official doc-hygiene.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

GRANT = """read = ["**"]
list = ["**"]
edit = ["**/*.md", "**/*.markdown"]
history = true
autonomy = "branch"
"""

LIMITS = """
[task.docs.limits]
read_bytes_max = 67108864
edit_files_max = 1000000
edit_bytes_max = 4000000000
removed_percent_max = 100
calls_max = 100000000
findings_max = 10000000
seconds_max = 3600
"""


def run(*command, ends=(0,)):
    """What a command prints; anything but an expected end ends the oracle."""
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    if done.returncode not in ends:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def git(repo, *words):
    return run("git", "-C", repo, "-c", "user.name=oracle", "-c", "user.email=oracle@localhost", "-c", "gc.auto=0", *words)


def commit(repo, message="oracle"):
    git(repo, "add", "--all", "--force", ".")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", message)


def repository(folder, files):
    """A new repository with these files in one commit: texts or bytes by path."""
    run("git", "init", "--quiet", "--initial-branch=main", folder)
    for path, content in files.items():
        file = pathlib.Path(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    commit(folder)


def plugin():
    """The lines that name the plugin; a component of one's own is pinned."""
    path = os.environ.get("ORACLE_PLUGIN")
    if path is None:
        return 'plugin = "doc-hygiene"\n'
    digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    return f'plugin = "{path}"\ndigest = "sha256:{digest}"\n'


class Task:
    """The task `docs` over a repository, with a configuration that nobody commits."""

    def __init__(self, lifeos, repo, scratch, options, grant=GRANT):
        self.lifeos, self.repo = lifeos, repo
        self.config = pathlib.Path(scratch, "oracle.toml")
        text = f"version = 1\n[task.docs]\n{plugin()}{grant}{LIMITS}[task.docs.options]\n{options}"
        self.config.write_text(text, encoding="utf-8")

    def verb(self, *words, ends=(0,)):
        return run(self.lifeos, "-C", self.repo, *words, "--config", self.config, ends=ends)

    def findings(self):
        """The findings of a check of HEAD."""
        return json.loads(self.verb("check", "docs", "--json", ends=(0, 1)))["findings"]

    def landed(self):
        """Runs, approves, and names the branch that moved; none if there was nothing to do."""
        ran = json.loads(self.verb("run", "docs", "--json"))["tasks"][0]
        if ran["state"] == "waiting":
            self.verb("approve", ran["run"])
        return "lifeos/docs" if ran["state"] in ("waiting", "landed") else None


def table(head, rows):
    """Prints rows as a Markdown table, numbers to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    padded = ([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))] for row in cells)
    lines = ["| " + " | ".join(row) + " |" for row in padded]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    print("\n".join(lines))
