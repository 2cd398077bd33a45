#!/usr/bin/env python3
"""stage.py PAGES: lays out what the site is made of: docs/ itself, and under repository/ each file that a page links to.

A link from docs/ into the tree works both where the repository is read and on the site: here it is turned to the copy."""
import os
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!`)(!?\[[^\]]*\]\()([^)\s#]+)?(#[^)\s]*)?(\))")
LANGUAGES = {".hpp": "cpp", ".cpp": "cpp", ".py": "python", ".cmake": "cmake", ".txt": "text", ".sh": "bash", ".in": "cpp"}


class Stage:
    def __init__(self, pages):
        self.pages, self.waiting, self.done = pages, [], set()

    def place_of(self, source):
        """Where the copy of a file of the tree lies among the pages."""
        if source.is_relative_to(DOCS):
            return self.pages / source.relative_to(DOCS)
        place = self.pages / "repository" / source.relative_to(ROOT)
        if source.is_dir():
            return place / "index.md"
        return place if source.suffix in (".md", ".svg", ".png") else place.with_name(place.name + ".md")

    def turned(self, page, place, address):
        target = (page.parent / address).resolve()
        if not target.exists() or not target.is_relative_to(ROOT):
            return address  # mkdocs complains
        if target == DOCS:
            return os.path.relpath(self.pages / "index.md", place.parent)
        self.waiting.append(target)
        return os.path.relpath(self.place_of(target), place.parent)

    def markdown(self, page, place):
        def turn(found):
            head, address, anchor, tail = found.groups()
            if not address or re.match(r"[a-z]+:", address):
                return found.group()
            return head + self.turned(page, place, address) + (anchor or "") + tail
        pieces = re.split(r"(^```.*?^```$)", page.read_text(), flags=re.S | re.M)
        text = "".join(piece if piece.startswith("```") else LINK.sub(turn, piece) for piece in pieces)
        return with_pictures(text, page)

    def copy(self, source):
        if source in self.done:
            return
        self.done.add(source)
        place = self.place_of(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            place.write_text(listing(self, source, place))
        elif source.suffix == ".md":
            place.write_text(self.markdown(source, place))
        elif source.suffix in (".svg", ".png", ".css"):
            shutil.copy(source, place)
        else:
            fence = LANGUAGES.get(source.suffix, "bash" if os.access(source, os.X_OK) else "text")
            place.write_text(f"# {source.relative_to(ROOT)}\n\n````{fence}\n{source.read_text()}````\n")

    def run(self):
        self.waiting = [*DOCS.rglob("*.md"), *DOCS.rglob("*.svg"), *DOCS.rglob("*.css")]
        self.waiting += [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
                                                  "connectors/README.md", "benchmarks/README.md")]
        while self.waiting:
            self.copy(self.waiting.pop())


def listing(stage, folder, place):
    if (folder / "README.md").exists():
        stage.waiting.append(folder / "README.md")
        return f"# {folder.relative_to(ROOT)}\n\nSee [its README](README.md).\n"
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in LANGUAGES)
    stage.waiting += files
    rows = (f"* [{path.name}]({os.path.relpath(stage.place_of(path), place.parent)})\n" for path in files)
    return f"# {folder.relative_to(ROOT)}\n\n" + "".join(rows)


def with_pictures(text, page):
    """Our own drawings stand in the page itself, so that they take its colours."""
    def inline(found):
        drawing = (page.parent / found.group(2)).resolve()
        if not drawing.is_relative_to(DOCS):
            return found.group()
        return '<div class="picture-box">' + re.sub(r"<\?xml.*?\?>\s*", "", drawing.read_text()).strip() + "</div>"
    return re.sub(r"^!\[([^\]]*)\]\(([^)]+\.svg)\)$", inline, text, flags=re.M)


def title_of(page):
    return re.search(r"^# (.*)$", page.read_text(), re.M).group(1).replace("`", "")


def with_lists(settings, pages):
    """The navigation's folders, page by page."""
    def listed(found):
        indent, title, folder = found.groups()
        order = sorted((pages / folder).glob("*.md"), key=lambda page: (page.name != "index.md", page.name))
        rows = "".join(f"\n{indent}    - {folder}/{page.name}" if page.name == "index.md" else
                       f'\n{indent}    - "{title_of(page)}": {folder}/{page.name}' for page in order)
        return f"{indent}- {title}:{rows}"
    return re.sub(r"^( *)- (\w+): (\w+)/$", listed, settings, flags=re.M)


def main():
    pages = pathlib.Path(sys.argv[1]).resolve()
    if sys.argv[2:] == ["--settings"]:
        (pages.parent / "mkdocs.yml").write_text(with_lists((DOCS / "mkdocs.yml").read_text(), pages))
    else:
        Stage(pages).run()


if __name__ == "__main__":
    main()
