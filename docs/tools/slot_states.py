#!/usr/bin/env python3
"""slot_states.py: draws docs/slot-states.svg from the table in docs/slot-states.md.
slot_states.py --check: says whether the drawing is that of today's table; exit code 1 where it is not."""
import pathlib
import re
import sys

from include_graph import STYLE

DOCS = pathlib.Path(__file__).resolve().parents[1]
PICTURE = DOCS / "slot-states.svg"
PLACES = {"empty": (90, 60), "connecting": (650, 60), "idle": (650, 230), "in use": (650, 400), "refreshing": (370, 400),
          "closing": (90, 230)}
HALF_WIDTH, HALF_HEIGHT = 62, 22


def transitions():
    rows = re.findall(r"^\| ([a-z ]+) \| (.*?) \| ([a-z ]+) \|$", (DOCS / "slot-states.md").read_text(), re.M)
    return [row for row in rows if row[0] in PLACES]


def words(x, y, text, across):
    lines, line = [], ""
    for word in text.replace("`", "").split():
        if len(line) + len(word) > across:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    lines.append(line)
    top = y - 15 * (len(lines) - 1) / 2 + 4
    return "".join(f'<text class="soft" x="{x:.0f}" y="{top + 15 * at:.0f}" text-anchor="middle">{line}</text>\n'
                   for at, line in enumerate(lines))


def edge(begin, end, text, paired):
    """A straight arrow; of two between the same boxes each keeps to its own side."""
    (x1, y1), (x2, y2) = PLACES[begin], PLACES[end]
    if y1 == y2:
        side = 1 if x2 > x1 else -1
        y = y1 - 10 * side if paired else y1
        path = f"M{x1 + side * HALF_WIDTH} {y} H{x2 - side * (HALF_WIDTH + 3)}"
        return path, words((x1 + x2) / 2, y - 18 * side if paired else y - 14, text, 44)
    down = 1 if y2 > y1 else -1
    if x1 == x2:
        x = x1 + 24 * down if paired else x1
        path = f"M{x} {y1 + down * HALF_HEIGHT} V{y2 - down * (HALF_HEIGHT + 3)}"
        return path, words(x + (70 if down > 0 or not paired else -78), (y1 + y2) / 2, text, 16)
    left = x1 - HALF_WIDTH
    path = f"M{left} {y1} C{left - 140} {y1} {x2 + 10} {y2 + down * -120} {x2 + 10} {y2 - down * (HALF_HEIGHT + 3)}"
    return path, words((left + x2) / 2 - 8, (y1 + y2) / 2 + 104, text, 30)


def draw():
    rows, body = transitions(), []
    for begin, what, end in rows:
        path, said = edge(begin, end, what, any((a, c) == (end, begin) for a, _, c in rows))
        body.append(f'<path class="arrow" d="{path}"/>\n{said}')
    for state in sorted({name for begin, _, end in rows for name in (begin, end)}):
        x, y = PLACES[state]
        body.append(f'<rect class="box" x="{x - HALF_WIDTH}" y="{y - HALF_HEIGHT}" width="{2 * HALF_WIDTH}" height="{2 * HALF_HEIGHT}" rx="8"/>'
                    f'<text x="{x}" y="{y + 5}" text-anchor="middle">{state}</text>')
    return ('<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="800" height="440" viewBox="0 0 800 440" role="img" '
            'aria-label="The states of a slot">\n' + STYLE.replace('id="tip"', 'id="tip2"').replace("url(#tip)", "url(#tip2)")
            + "\n".join(body) + "\n</svg>\n")


def main():
    if sys.argv[1:] == ["--check"]:
        if not PICTURE.exists() or PICTURE.read_text() != draw():
            print("docs/slot-states.svg does not show docs/slot-states.md: run docs/tools/slot_states.py")
            return 1
        return 0
    PICTURE.write_text(draw())
    return 0


if __name__ == "__main__":
    sys.exit(main())
