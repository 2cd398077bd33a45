#!/usr/bin/env python3
"""include_graph.py: draws docs/include-graph.svg, which folder's headers include which folder's.
include_graph.py --check: says whether the drawing is that of today's headers; exit code 1 where it is not."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "include-graph.svg"
ROOMS = ("operate", "async", "connectors", "backends", "include")
FAMILY = re.compile(r"^([a-z]+)")
WIDTH, HEIGHT, GAP, MARGIN, ACROSS = 92, 50, 10, 12, 430  # so narrow that a telephone shows it legibly
IN_A_ROW = 4
WORDS = {"operate": "operate/: how to see and steer", "async": "async/: how to await", "connectors": "connectors/: what to open", "backends": "backends/: how to wait", "include": "include/: the core"}


def node_of(room, header):
    """Faces count to their room; what stands in a folder, to that folder, its detail/ with it."""
    parts = header.split("/")
    if len(parts) == 1:
        return room, "faces"
    return room, "/".join(parts[:2] if room == "include" and len(parts) > 2 else parts[:1])


def read():
    where = {str(path.relative_to(ROOT / room / "carpool")): room
             for room in ROOMS for path in (ROOT / room / "carpool").rglob("*.hpp")}
    nodes, arrows = {}, set()
    for header, room in where.items():
        node = node_of(room, header)
        nodes[node] = nodes.get(node, 0) + 1
        for included in re.findall(r"^ *# *include <carpool/(.*)>", (ROOT / room / "carpool" / header).read_text(), re.M):
            if included in where and node_of(where[included], included) != node:
                arrows.add((node, node_of(where[included], included)))
    return nodes, arrows


def ranks_of(room, nodes, arrows):
    """How far below the faces a folder stands: one more than whoever includes it."""
    folders = [node for node in nodes if node[0] == room]
    rank = {node: 0 if node[1] == "faces" else 1 for node in folders}
    for _ in folders:  # as often as the longest way could be
        for begin, end in arrows:
            if begin in rank and end in rank and end[1] != "faces":
                rank[end] = max(rank[end], min(rank[begin] + 1, len(folders)))
    return rank


def layout(nodes, arrows):
    places, bands, top = {}, [], MARGIN
    for room in ROOMS:
        begin, top, rank = top, top + 34, ranks_of(room, nodes, arrows)
        for level in range(max(rank.values()) + 1):
            folders = sorted(node for node in rank if rank[node] == level)
            for row in (folders[at:at + IN_A_ROW] for at in range(0, len(folders), IN_A_ROW)):
                left = (ACROSS - len(row) * WIDTH - (len(row) - 1) * GAP) / 2
                places.update((node, (left + at * (WIDTH + GAP), top)) for at, node in enumerate(row))
                top += HEIGHT + 34
        bands.append((room, begin, top - begin - 16))
        top += 22
    return places, bands, top


def is_upward(begin, end):
    return end[1] == "faces" and begin[0] == end[0]


def shown(arrows):
    """Without those that others imply: what is included by what one includes."""
    arrows = {pair for pair in arrows if pair[0][0] == pair[1][0]}
    down = {pair for pair in arrows if not is_upward(*pair)}

    def reaches(begin, end, seen):
        steps = [b for a, b in down if a == begin and (a, b) != (begin, end) and b not in seen]
        return any(b == end or reaches(b, end, seen | {b}) for b in steps)
    return {pair for pair in arrows if is_upward(*pair) or not any(
        b == pair[1] or reaches(b, pair[1], {pair[0], b}) for a, b in down if a == pair[0] and b != pair[1])}


def arrow(begin, end, upward):
    (x1, y1), (x2, y2) = begin, end
    a, b = x1 + WIDTH / 2, x2 + WIDTH / 2
    start, stop, bend = (y1, y2 + HEIGHT + 2, -18) if upward else (y1 + HEIGHT, y2 - 2, 18)
    kind = "arrow back" if upward else "arrow"
    return f'<path class="{kind}" d="M{a:.0f} {start:.0f} C{a:.0f} {start + bend:.0f} {b:.0f} {stop - bend:.0f} {b:.0f} {stop:.0f}"/>'


STYLE = """<style>
.picture{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--ink,#24303c)}
.picture text{fill:var(--ink,#24303c)}.picture .soft{fill:var(--soft,#5b6675);font-size:12px}
.picture .band{fill:none;stroke:var(--soft,#8a94a3);stroke-dasharray:4 4}.picture .box{fill:var(--box,#f3f5f8);stroke:var(--soft,#8a94a3)}
.picture .arrow{fill:none;stroke:var(--line,#0072b2);stroke-width:1.2;opacity:.75;marker-end:url(#tip)}.picture .thick{stroke-width:2.5;opacity:.9}.picture .back{stroke-dasharray:3 3}.picture .tip{fill:var(--line,#0072b2)}
@media(prefers-color-scheme:dark){svg.picture:root{--ink:#e6eaf0;--soft:#9aa6b5;--box:#232b36;--line:#4aa8e0;background:#161c24}}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
"""


def between(arrows, bands):
    """One arrow from a room to each other that it includes: past the room between them where there is one."""
    edges = {room: (top, top + tall) for room, top, tall in bands}
    for begin, end in sorted({(a[0], b[0]) for a, b in arrows if a[0] != b[0]}):
        next_to = ROOMS.index(end) - ROOMS.index(begin) == 1
        x = ACROSS / 2 if next_to else ACROSS - MARGIN - 30
        yield f'<path class="arrow thick" d="M{x:.0f} {edges[begin][1]} V{edges[end][0] - 3}"/>'


def name_lines(folder):
    """A folder within detail/ takes two lines: its box is as wide as the others."""
    *outer, name = folder.split("/")
    return [("soft", part + "/") for part in outer] + [("", name if name == "faces" else name + "/")]


def draw(nodes, arrows):
    places, bands, height = layout(nodes, arrows)
    body = []
    for room, top, tall in bands:
        width = ACROSS - 2 * MARGIN - (60 if room == ROOMS[1] else 0)
        body.append(f'<rect class="band" x="{MARGIN}" y="{top}" width="{width}" height="{tall}" rx="6"/>')
        body.append(f'<text class="soft" x="{MARGIN + 14}" y="{top + 21}">{WORDS[room]}</text>')
    body += [arrow(places[begin], places[end], is_upward(begin, end)) for begin, end in sorted(shown(arrows))]
    body += between(arrows, bands)
    for (room, folder), (x, y) in sorted(places.items()):
        body.append(f'<rect class="box" x="{x:.0f}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>')
        lines = [*name_lines(folder), ("soft", f"{nodes[room, folder]} headers")]
        for at, (css, words) in enumerate(lines):
            down = y + HEIGHT / 2 + 4 + 14 * (at - (len(lines) - 1) / 2)
            body.append(f'<text class="{css}" x="{x + WIDTH / 2:.0f}" y="{down:.0f}" text-anchor="middle">{words}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="{ACROSS}" height="{height}" viewBox="0 0 {ACROSS} {height}" '
            f'role="img" aria-label="Which folder includes which">\n{STYLE}' + "\n".join(body) + "\n</svg>\n")


def main():
    drawing = draw(*read())
    without_numbers = lambda text: re.sub(r"\d+ headers", "", text)
    if sys.argv[1:] == ["--check"]:
        if not PICTURE.exists() or without_numbers(PICTURE.read_text()) != without_numbers(drawing):
            print("docs/include-graph.svg shows other folders or arrows than the headers have: run docs/tools/include_graph.py")
            return 1
        return 0
    PICTURE.write_text(drawing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
