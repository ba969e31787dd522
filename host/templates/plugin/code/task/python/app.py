"""A plugin that runs once and asks the host for what it needs."""

from sdk import Edit, chosen, edits, findings, repo, warning


def run(options, input):
    """Keeps an index of a folder.

    `options` is what the owner set in `[task.NAME.options]`.
    """
    folder = chosen(options, folder="docs")["folder"]
    index = f"{folder}/index.md"
    text = "# Index\n\n"
    paths = [path for path in repo.all_files(f"{folder}/**/*.md") if path != index]
    documents = [document for document in map(repo.read, paths) if document]
    for document in documents:
        path = document.path.removeprefix(f"{folder}/")
        titles = [line[2:] for line in document.text.split("\n") if line.startswith("# ")]
        text += f"- [{(titles or [path])[0].strip()}](<{path}>)\n"
    old = repo.read(index)
    if not documents or old and old.text == text:
        return
    repaired = edits.propose(Edit.rewrite(old, text) if old else Edit.create(index, text))
    findings.report(warning("index", "the index is not what the folder holds", path=index, repaired=repaired))
