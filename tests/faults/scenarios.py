"""The scenarios: what is prepared, which command is struck, what may be published.

To add one, add a row to `TABLE`. `{run}` in a command is the run that waits.
"""

from dataclasses import dataclass, field

from box import FILES, MENDED

# A second document to mend, for a second candidate on a moved base.
LATER = {"docs/c.md": "# Third\n\nTwo   words\n\n\nmore\n"}
LATER_MENDED = {"docs/c.md": "# Third\n\nTwo words\n\nmore\n"}


def config(autonomy="branch", approve="auto", gate=False):
    gate = 'gate = ["true"]\n' if gate else ""
    remote = '[remote]\nbranch = "main"\n' if autonomy in ("pull-request", "merge") else ""
    merge = 'merge_into = "main"\n' if autonomy == "merge" else ""
    return (f'version = 1\n{gate}{remote}[task.docs]\n{merge}plugin = "doc-hygiene"\nread = ["**/*.md"]\nlist = ["**"]\n'
            f'edit = ["docs/**/*.md"]\nhistory = true\nautonomy = "{autonomy}"\napprove = "{approve}"\n')


def asking(provider, place):
    """A task that asks a model; `place` says where the model is."""
    return (f'version = 1\n[model]\nprovider = "{provider}"\n{place}\nname = "m-1"\nprice = {{ input = 1000, output = 2000 }}\n'
            '[task.docs]\nplugin = "implement"\nread = ["docs/**"]\nedit = ["docs/**"]\nautonomy = "branch"\napprove = "auto"\n'
            '[task.docs.model]\ntokens_max = 900000\n')


@dataclass
class Scenario:
    name: str
    toml: str
    command: list
    # Kinds of entries that the command may add to the record, besides a failed run.
    kinds: set
    # Whether the branch may move to the candidate.
    lands: bool
    # Runs and commits made before, without any fault.
    before: list = field(default_factory=list)
    # The command of the next run, when it is another one once an approval is on record.
    follow: list = None
    # What the next run may answer when the struck one had come to its end.
    settled: tuple = (0,)
    # Kept of the cache: "warm" all, "cold" compiled code alone, "ungated" all but verdicts of the gate.
    cache: str = "warm"
    # Files of the candidate, known without the program.
    content: dict = field(default_factory=lambda: dict(MENDED))
    # Flags for a system without isolation.
    gate: bool = False
    # Refs of the remote repository that may move to the candidate.
    there: tuple = ()
    # Whether the record goes there too.
    is_shared: bool = False
    # Whether a model on this machine is asked; `{endpoint}` in the configuration is its address.
    asks: bool = False


RUN = ["run", "docs"]
MERGE = "merge"
UNMENDED = {"docs/a.md": FILES["docs/a.md"]}
ASK = ["run", "docs", "--instruction", "Say heading."]
ASKED = {"docs/a.md": FILES["docs/a.md"].replace("Title", "Heading")}
SCRIPTED, AWAY = asking("scripted", 'script = "model.toml"'), asking("openai", 'endpoint = "{endpoint}"\nprivate = true')
BRANCH_THERE = "refs/heads/lifeos/docs"
WAIT = config(approve="person")
LANDED = {"run", "approval", "landing"}

TABLE = [
    Scenario("run", config(), RUN, LANDED, True),
    Scenario("run-propose", config("propose"), RUN, {"run", "approval"}, False),
    Scenario("run-waiting", WAIT, RUN, {"run"}, False),
    Scenario("approve", WAIT, ["approve", "{run}"], {"approval", "landing"}, True, before=[RUN], settled=(0, 2)),
    Scenario("approve-then-run", WAIT, ["approve", "{run}"], LANDED, True, before=[RUN], follow=RUN),
    Scenario("reject", WAIT, ["reject", "{run}", "--why", "not now"], {"rejection"}, False, before=[RUN], settled=(0, 2)),
    Scenario("run-gate", config(gate=True), RUN, LANDED, True, cache="ungated", gate=True),
    Scenario("run-again", config(), RUN, LANDED, True, before=[RUN, LATER], content=MENDED | LATER_MENDED),
    Scenario("cold-answers", config(), RUN, LANDED, True, cache="cold"),
    Scenario("rollback", config(), ["rollback", "{run}"], LANDED, True, before=[RUN, MERGE], settled=(0, 2), content=UNMENDED),
    Scenario("approve-part", WAIT, ["approve", "{run}", "--file", "docs/c.md"], LANDED, True, before=[LATER, RUN],
             content=LATER_MENDED | UNMENDED, settled=(0, 2)),
    Scenario("pull-request", config("pull-request"), RUN, {"run", "approval", "opening"}, False, there=(BRANCH_THERE,)),
    Scenario("merge", config("merge", gate=True), RUN, {"run", "approval", "opening", "landing"}, False, gate=True,
             there=(BRANCH_THERE, "refs/heads/main")),
    Scenario("ask", SCRIPTED, ASK, LANDED | {"spend"}, True, content=ASKED),
    Scenario("ask-away", AWAY, ASK, LANDED | {"spend"}, True, content=ASKED, asks=True),
    Scenario("sync", WAIT, ["sync"], set(), False, before=[RUN], is_shared=True),
]


def named(names):
    known = {scenario.name: scenario for scenario in TABLE}
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise SystemExit(f"there is no scenario `{unknown[0]}`; there are: {', '.join(known)}")
    return [known[name] for name in names] if names else TABLE


def words(scenario, follow, run, unconfined):
    """A command of a scenario as it is typed."""
    chosen = scenario.follow if follow and scenario.follow else scenario.command
    said = [word.replace("{run}", run or "") for word in chosen]
    return said + (["--unconfined-gate"] if scenario.gate and unconfined and said[0] == "run" else [])


def prepare(scenario, box, unconfined, model=None):
    """Makes the repository of a scenario in its box; gives the run that waits, if one does."""
    box.make(scenario.toml.replace("{endpoint}", model.endpoint if model else ""))
    for step in scenario.before:
        if isinstance(step, dict):
            box.commit(step)
            continue
        if step == MERGE:
            box.git("merge", "--quiet", "--ff-only", "lifeos/docs")
            continue
        ran = box.lifeos(*step, *(["--unconfined-gate"] if scenario.gate and unconfined else []))
        if ran.code != 0:
            raise RuntimeError(f"{scenario.name} cannot be prepared: {ran.says}")
    box.share()
    box.disturb()
    runs = box.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/lifeos/runs").split()
    return runs[0] if runs else None


assert set(MENDED) <= set(FILES)
