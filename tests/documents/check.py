#!/usr/bin/env python3
"""check.py [--compile COMPILER FLAGS...]: whether the documents are true, as far as a program can tell.

* A link inside the repository leads to a file, and its anchor to a heading.
* Each header that a document mentions exists, and each name in code's type occurs somewhere in the tree.
* Each piece of C++ is a whole program, or stands in the file that its remark <!-- snippet: FILE --> names.
* The drawings are those of today's headers and tables.
With --compile: the programs of docs/snippets compile."""
import pathlib
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE_ROOMS = ("include", "backends", "connectors", "async", "operate", "examples", "tests", "benchmarks", "tools", "scripts", "cmake", "docs")
# Names of other libraries, tools and formats that the documents speak of.
FOREIGN = set((pathlib.Path(__file__).parent / "foreign_names.txt").read_text().split())
failures = []


def fail(page, words):
    failures.append(f"{page.relative_to(ROOT)}: {words}")


def documents():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            capture_output=True, text=True)
    pages = [ROOT / name for name in listed.stdout.split()] or sorted(ROOT.rglob("*.md"))
    return [page for page in pages if page.exists() and "build" not in page.relative_to(ROOT).parts[:1]
            and not page.is_relative_to(ROOT / ".github") and not page.is_relative_to(ROOT / "packaging")]


def without_code(text):
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.S | re.M)


def slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(page):
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", without_code(page.read_text()), re.M)}


def check_links(page, text):
    for address, anchor in re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", re.sub(r"`[^`\n]*`", "", without_code(text))):
        if re.match(r"[a-z]+:", address):
            continue
        target = (page.parent / address).resolve() if address else page
        if not target.exists():
            fail(page, f"the link to {address} leads nowhere")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            fail(page, f"{address} has no heading #{anchor}")


def tree_words():
    words, files = set(), set()
    for room in CODE_ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file():
                files.add(path.name)
                words.add(path.stem)
                if path.suffix not in (".md", ".svg", ".json", ".bin", ".png"):
                    words.update(re.findall(r"[A-Za-z_]\w+", path.read_text(errors="ignore")))
    for path in ROOT.iterdir():
        if path.is_file():
            files.add(path.name)
            if path.suffix != ".md":
                words.update(re.findall(r"[A-Za-z_]\w+", path.read_text(errors="ignore")))
    return words, files


def is_name(word):
    """snake_case and CamelCase: what is plain English in code's type is not looked for."""
    return re.fullmatch(r"[a-z]\w*_\w+|[A-Z][a-z0-9]+[A-Z]\w*", word) is not None


def check_names(page, text, words, files):
    prose = without_code(text)
    for header in re.findall(r"[\w/]+\.(?:hpp|cpp)\b", prose):
        if pathlib.PurePath(header).name not in files and not is_placeholder(header):
            fail(page, f"there is no {header}")
    for code in re.findall(r"`([^`\n]+)`", prose):
        for word in re.findall(r"(?<![\w/.-])[A-Za-z_]\w+(?![\w/.-]*\.(?:hpp|cpp|md))", code):
            if is_name(word) and word not in words and word not in FOREIGN and not is_placeholder(word):
                fail(page, f"nothing is called {word}")


def is_placeholder(name):
    return name.startswith("_") or re.match(r"(.*/)?(my|My|both_ends|BothEnds|unit_both|conformance_my|name_in_snake_case|main\.)", name) is not None


def stands_in(piece, file):
    """Whether these lines stand in the file one after the other, all indented by the same."""
    lines, wanted = file.read_text().splitlines(), piece.strip("\n").splitlines()
    for at, line in enumerate(lines):
        if line.lstrip() == wanted[0].lstrip():
            found = textwrap.dedent("\n".join(lines[at:at + len(wanted)])).splitlines()
            if found == textwrap.dedent("\n".join(wanted)).splitlines():
                return True
    return False


def check_snippets(page, text):
    for piece, remark in re.findall(r"^```cpp\n(.*?)^```\n(?:<!-- snippet: (.*?) -->)?", text, re.S | re.M):
        if remark:
            file = ROOT / remark
            if not file.exists() or not stands_in(piece, file):
                fail(page, f"{remark} has not the lines that begin with: {piece.splitlines()[0]}")
        elif "int main(" not in piece:
            fail(page, f"what begins with '{piece.splitlines()[0]}' is no program, and no <!-- snippet: FILE --> follows it")


def check_drawings():
    for tool in ("include_graph.py", "slot_states.py"):
        done = subprocess.run([sys.executable, ROOT / "docs" / "tools" / tool, "--check"], capture_output=True, text=True)
        if done.returncode:
            failures.append(done.stdout.strip() or done.stderr.strip())


def check_glossary():
    rows = re.findall(r"^\| (?!word|---)", (ROOT / "docs" / "glossary.md").read_text(), re.M)
    if len(rows) > 25:
        failures.append(f"docs/glossary.md has {len(rows)} entries: 25 are allowed")


def library_flags():
    for module in ("libpq", "libmariadb", "hiredis"):
        found = subprocess.run(["pkg-config", "--cflags", module], capture_output=True, text=True)
        yield from found.stdout.split()


def check_programs(compiler, flags):
    for program in sorted((ROOT / "docs" / "snippets").glob("*.cpp")):
        needs = re.match(r"// needs: (.*)", program.read_text())
        if needs and not set(needs.group(1).split()) <= set(flags[0].split(",")):
            print(f"left out, it needs {needs.group(1)}: {program.name}")
            continue
        rooms = [f"-I{ROOT / room}" for room in ("include", "backends", "connectors", "async", "operate")]
        done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", *rooms, *library_flags(), *flags[1:], program])
        if done.returncode:
            failures.append(f"{program.relative_to(ROOT)} does not compile")


def main():
    if sys.argv[1:2] == ["--compile"]:
        check_programs(sys.argv[2], sys.argv[3:])
    else:
        words, files = tree_words()
        for page in documents():
            text = page.read_text()
            check_links(page, text)
            if page.name not in ("CHANGELOG.md", "BUGS.md"):  # which speak of the past too
                check_names(page, text, words, files)
                check_snippets(page, text)
        check_drawings()
        check_glossary()
    print("\n".join(sorted(set(failures))) or "the documents are true")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
