"""A box: one repository with everything around it, copied fresh from a template.

A box has `repo` (with a dirty checkout, staged and secret files, hooks that
would tell on whoever runs them, other branches and a tag), `home`, `outside`,
`tmp` (the TMPDIR), `cache` and `there.git` (the remote repository). It stands at the same path each time, so that
what the program remembers about a repository holds for every copy.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

SECRET_ENV = "canary-of-the-environment-9c41d7"
SECRET_FILE = "canary-of-a-file-5be2a0"
LIMIT_SECONDS = 60

FILES = {
    "docs/a.md": "# Title\n\nSome   text  \nmore\n\n\n\n* a\n* b\n",
    "docs/b.md": "# Other\n\nSee [a](a.md).\n",
    "src/main.txt": "no document\n",
    ".gitignore": "secret.env\n",
}
# What doc-hygiene makes of `docs/a.md`: known here, not asked of the program.
MENDED = {"docs/a.md": "# Title\n\nSome text  \nmore\n\n* a\n* b\n"}
# What a model says of it, whether it is a file of rules or an endpoint.
PLAN = {"reason": "a heading", "change": ["docs/a.md"], "read": []}
CHANGE = {"reason": "a heading", "files": [{"path": "docs/a.md", "replace": [{"old": "# Title", "new": "# Heading"}]}]}
SCRIPT = f"""[[rule]]
prompt = "implement/plan@"
answer = '{json.dumps(PLAN)}'

[[rule]]
answer = '{json.dumps(CHANGE)}'
"""
HOOKS = ["reference-transaction", "post-commit", "pre-commit", "commit-msg", "post-checkout", "post-merge",
         "post-rewrite", "pre-push", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"]


class Ran:
    """How a command ended; `code` is negative for a signal, None for no end in time."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def says(self):
        return " | ".join((self.err + self.out).strip().splitlines())[-400:]


class Box:
    """The folders of one box and how commands are run in it."""

    def __init__(self, root, program):
        self.root, self.program = Path(root), program
        self.repo, self.git_dir = self.root / "repo", self.root / "repo/.git"
        self.home, self.outside = self.root / "home", self.root / "outside"
        self.tmp, self.cache = self.root / "tmp", self.root / "cache"
        self.there = self.root / "there.git"

    def env(self):
        return {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(self.tmp),
                "LANG": "C.UTF-8", "LIFEOS_TEST_SECRET": SECRET_ENV}

    def arguments(self, words):
        more = ["--cache-dir", str(self.cache)] + (["--threads", "1"] if words[0] == "run" else [])
        return [self.program, *words, *more]

    def lifeos(self, *words):
        return run(self.arguments(list(words)), self.repo, self.env())

    def git(self, *words, check=True, input=None):
        env = {"PATH": self.env()["PATH"], "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
               "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_OPTIONAL_LOCKS": "0"}
        for side in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{side}_NAME": "Owner", f"GIT_{side}_EMAIL": "owner@example.org",
                    f"GIT_{side}_DATE": "2026-01-02T03:04:05+00:00"}
        quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
        done = subprocess.run(["git", *quiet, *words], cwd=self.repo, env=env, capture_output=True, input=input)
        if check and done.returncode != 0:
            raise RuntimeError(f"git {words}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace") if check else done

    def write(self, files):
        for name, text in files.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files):
        self.write(files)
        self.git("add", "--all", ".")
        self.git("commit", "--quiet", "--message", "next")

    def make(self, config):
        """A new repository with one commit and a `lifeos.toml`."""
        for folder in (self.repo, self.home, self.outside, self.tmp):
            folder.mkdir(parents=True)
        self.cache.mkdir(mode=0o700, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.git("config", "user.name", "Owner")
        self.git("config", "user.email", "owner@example.org")
        (self.outside / "canary.txt").write_text(SECRET_FILE)
        self.commit(FILES | {"lifeos.toml": config, "model.toml": SCRIPT})
        self.git("branch", "other")
        self.git("tag", "v1")

    def share(self):
        """Makes a bare repository beside it, the remote `origin`."""
        self.git("clone", "--quiet", "--bare", ".", str(self.there))
        for name in self.git("--git-dir", str(self.there), "for-each-ref", "--format=%(refname)", "refs/heads/lifeos").split():
            self.git("--git-dir", str(self.there), "update-ref", "-d", name)
        self.git("remote", "add", "origin", str(self.there))

    def disturb(self):
        """A checkout in use: staged, changed, new and ignored files, and hooks."""
        self.write({"staged.txt": "staged\n"})
        self.git("add", "staged.txt")
        self.write({"src/main.txt": "changed\n", "new.txt": "untracked\n", "secret.env": SECRET_FILE})
        for name in HOOKS:
            hook = self.git_dir / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\necho ran >> '{self.outside}/hook-{name}'\n")
            hook.chmod(0o755)

    def fresh(self, template, cache):
        """Puts the box back to a template, and its cache to a kept one."""
        remove(self.root)
        subprocess.run(["cp", "-a", str(template), str(self.root)], check=True)
        # Files of the cache are replaced and never written into, so links to them are as good as copies.
        subprocess.run(["cp", "-al", str(cache), str(self.cache)], check=True)


def run(command, cwd, env, limit=LIMIT_SECONDS):
    """Runs a command in a session of its own; ends all of it when it takes too long."""
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = child.communicate(timeout=limit)
        code = child.returncode
    except subprocess.TimeoutExpired:
        end(child)
        out, err = child.communicate()
        code = None
    return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"), time.monotonic() - started)


def end(child):
    """Kills a child of ours and its session."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def remove(folder):
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=False)
        shutil.rmtree(folder)


def snapshot(folder, skip=()):
    """Every file below a folder: mode and bytes, or the target of a link."""
    found, left = {}, [Path(folder)]
    while left:
        for entry in os.scandir(left.pop()):
            name = os.path.relpath(entry.path, folder)
            if name in skip:
                continue
            about = entry.stat(follow_symlinks=False)
            content = b""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(entry.path).encode()
            elif stat.S_ISDIR(about.st_mode):
                left.append(Path(entry.path))
            elif stat.S_ISREG(about.st_mode):
                content = Path(entry.path).read_bytes()
            found[name] = (about.st_mode, content)
    return found


def processes(root, program):
    """Processes that are in a folder or run the program; their ids and words."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            links = [os.readlink(f"/proc/{entry}/{name}") for name in ("exe", "cwd")]
            words = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if links[0] == program or links[1].startswith(str(root) + "/"):
            found[int(entry)] = words[:120]
    return found
