#!/usr/bin/env python3
"""Holds `lifeos plugin audit` against another reader, on components that nobody here made.

    components.py [--lifeos FILE] [--folder DIR] [COMPONENT...]

Fetches packages that ship WebAssembly components with pip and npm, and jco, whose `wit` and `print` (wasm-tools) are the
other reader; then compares imports and functions, name by name, for every component in them and for each COMPONENT given.
Prints a table as Markdown and exits with 1 if a row disagrees. Needs python3 with pip, node and npm."""

import argparse, json, pathlib, re, subprocess, sys, tarfile, time, zipfile

JCO = "@bytecodealliance/jco@1.35.0"
NPM = ["@golemcloud/golem-ts-sdk@1.1.2"]
PIP = ["lyric-py-worker==0.1.7", "lyric-js-worker==0.1.7", "capsule-run-adapter==0.3.5",
       "hyperlight-sandbox-python-guest==0.8.0", "hyperlight-sandbox-javascript-guest==0.8.0"]
COMPONENT = b"\0asm\x0d\0\x01\0"
# A pause: such a file is tens of megabytes.
SECONDS_MAX = 300


def run(*words, **more):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, timeout=SECONDS_MAX, **more).stdout


def fetch(folder):
    """Gives (package, component file) for every component of every package."""
    for package in NPM + PIP:
        place = folder / re.sub(r"[^a-z0-9.]+", "-", package)
        if not place.exists():
            work = folder / "fetched"
            work.mkdir(exist_ok=True)
            if package in NPM:
                name = run("npm", "pack", "--silent", package, cwd=work).split()[-1]
                with tarfile.open(work / name) as archive:
                    archive.extractall(place, filter="data")
            else:
                before = set(work.iterdir())
                run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(work), package)
                [wheel] = set(work.iterdir()) - before or {next(work.glob(package.split("==")[0].replace("-", "_") + "*"))}
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(place)
        for path in sorted(place.rglob("*.wasm")):
            with open(path, "rb") as file:
                if file.read(8) == COMPONENT:
                    yield package, path


def number(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def written(value):
    out = b""
    while True:
        value, low = value >> 7, value & 127
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def outside(data):
    """The same component with empty modules: what it imports, and not what it is."""
    out, at = data[:8], 8
    while at < len(data):
        section = data[at]
        size, start = number(data, at + 1)
        body, at = data[start:start + size], start + size
        if section == 0:
            continue
        if section == 1:
            body = b"\0asm\1\0\0\0"
        if section == 4:
            body = outside(body)
        out += bytes([section]) + written(len(body)) + body
    return out


def printed(text):
    """Imports of the outermost component with their functions, from WebAssembly text as wasm-tools prints it."""
    types, current, imports = {}, None, {}
    for line in text.splitlines():
        if found := re.fullmatch(r"  \(type .*\(;(\d+);\)(.*)", line):
            current = types.setdefault(int(found[1]), set())
        elif found := re.match(r'      \(export \(;\d+;\) "([^"]+)" \(func ', line):
            current.add(found[1])
        elif found := re.match(r'  \(import (?:\(interface )?"([^"]+)"\)? \(instance .*\(type (\d+)\)', line):
            imports[found[1]] = types[int(found[2])]
        elif found := re.match(r'  \(import "([^"]+)" \(func ', line):
            imports[found[1]] = {""}
        elif line == "  )":
            current = None
    return imports


def told_by_jco(jco, path, work):
    """Names by its decoder of whole components, functions by its printer."""
    world = re.search(r"world root \{(.*?)\n\}", run(jco, "wit", str(path)), re.S)[1]
    names = set(re.findall(r"^  import ([^ ;]+);", world, re.M)) | set(re.findall(r"^  import ([^ :;]+): func", world, re.M))
    short, text = work / "outside.wasm", work / "outside.wat"
    short.write_bytes(outside(path.read_bytes()))
    run(jco, "print", str(short), "-o", str(text))
    return names, printed(text.read_text())


def told_by_us(lifeos, path):
    begin = time.monotonic()
    done = subprocess.run([lifeos, "plugin", "audit", str(path), "--json"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX)
    millis = round((time.monotonic() - begin) * 1000)
    if done.returncode not in (0, 20):
        raise SystemExit(f"{path}: exit {done.returncode}: {done.stderr}")
    audit = json.loads(done.stdout)
    imports = {each["interface"]["name"]: {function["name"] for function in each["interface"]["functions"]} for each in audit["imports"]}
    refused = sum(1 for each in audit["imports"] if each["capability"] is None)
    return imports, refused, done.returncode, millis


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lifeos", default=here / "target/release/lifeos")
    words.add_argument("--folder", type=pathlib.Path, default=here / "target/oracle/components")
    words.add_argument("components", nargs="*", type=pathlib.Path)
    words = words.parse_args()
    folder = words.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    jco = folder / "node_modules/.bin/jco"
    if not jco.exists():
        run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), JCO)
    rows, wrong = [], 0
    for package, path in [*fetch(folder), *((path.parent.name, path) for path in words.components)]:
        names, printed_imports = told_by_jco(jco, path, folder)
        ours, refused, code, millis = told_by_us(words.lifeos, path)
        agrees = names == set(ours) == set(printed_imports) and printed_imports == ours
        wrong += not agrees
        functions = sum(len(functions) for functions in ours.values())
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        rows.append([package, path.name, size, len(ours), functions, refused, code, millis, "yes" if agrees else "NO"])
        if not agrees:
            for name in sorted(names | set(ours) | set(printed_imports)):
                if (name in names, ours.get(name)) != (True, printed_imports.get(name)):
                    print(f"{path}: {name}: wit {name in names}, print {printed_imports.get(name)}, lifeos {ours.get(name)}", file=sys.stderr)
    print("| package | component | size | imports | functions | refused imports | exit | ms | jco agrees |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
