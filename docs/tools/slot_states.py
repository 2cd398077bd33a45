#!/usr/bin/env python3
"""slot_states.py: draws docs/slot-states.svg from the table of transitions in slot_state.hpp.
slot_states.py --check: says whether the drawing, and the table in docs/slot-states.md, are those of the code; exit code 1
where they are not."""
import pathlib
import re
import sys

from include_graph import STYLE

DOCS = pathlib.Path(__file__).resolve().parents[1]
CODE = DOCS.parent / "include/carpool/detail/state/slot_state.hpp"
PAGE = DOCS / "slot-states.md"
PICTURE = DOCS / "slot-states.svg"
PLACES = {"empty": (100, 60), "connecting": (690, 60), "idle": (690, 230), "leased": (690, 420), "refreshing": (395, 325),
          "closing": (100, 230)}
HALF_WIDTH, HALF_HEIGHT = 62, 22
# Each arrow's path, and where its events are named.
ROUTES = {
    ("empty", "connecting"): ("M162 50 H625", 395, 42),
    ("connecting", "empty"): ("M628 70 H165", 395, 86),
    ("connecting", "idle"): ("M690 82 V205", 714, 147),
    ("connecting", "closing"): ("M640 82 C560 150 300 150 165 218", 350, 142),
    ("idle", "closing"): ("M628 230 H165", 395, 222),
    ("idle", "leased"): ("M710 252 V395", 736, 330),
    ("leased", "idle"): ("M670 398 V255", 648, 330),
    ("idle", "refreshing"): ("M628 244 L448 300", 500, 268),
    ("refreshing", "idle"): ("M457 322 L648 255", 580, 298),
    ("leased", "refreshing"): ("M628 412 L449 349", 572, 372),
    ("refreshing", "closing"): ("M333 317 L160 255", 215, 302),
    ("leased", "closing"): ("M628 424 C400 424 140 420 112 255", 330, 386),
    ("leased", "empty"): ("M690 442 C690 480 30 480 30 380 V120 C30 90 34 76 36 74", 360, 484),
    ("closing", "empty"): ("M100 208 V85", 140, 150),
}


def transitions():
    """Of the code: from, event, to."""
    return re.findall(r"SlotTransition\{SlotState::(\w+), SlotEvent::(\w+), SlotState::(\w+)\}", CODE.read_text())


def explained():
    """Of the page."""
    return re.findall(r"^\| (\w+) \| (\w+) \| .* \| (\w+) \|$", PAGE.read_text(), re.M)[1:]


def draw():
    arrows = {}
    for begin, event, end in transitions():
        arrows.setdefault((begin, end), []).append(event)
    body = []
    for between, events in arrows.items():
        path, x, y = ROUTES[between]
        body.append(f'<path class="arrow" d="{path}"/>\n'
                    f'<text class="soft" x="{x}" y="{y}" text-anchor="middle">{", ".join(events)}</text>')
    for state, (x, y) in PLACES.items():
        body.append(f'<rect class="box" x="{x - HALF_WIDTH}" y="{y - HALF_HEIGHT}" width="{2 * HALF_WIDTH}" '
                    f'height="{2 * HALF_HEIGHT}" rx="8"/>'
                    f'<text x="{x}" y="{y + 5}" text-anchor="middle">{state}</text>')
    return ('<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="800" height="500" viewBox="0 0 800 500" role="img" '
            'aria-label="The states of a slot">\n' + STYLE.replace('id="tip"', 'id="tip2"').replace("url(#tip)", "url(#tip2)")
            + "\n".join(body) + "\n</svg>\n")


def main():
    if sys.argv[1:] != ["--check"]:
        PICTURE.write_text(draw())
        return 0
    complaints = []
    if not PICTURE.exists() or PICTURE.read_text() != draw():
        complaints.append("docs/slot-states.svg does not show slot_state.hpp: run docs/tools/slot_states.py")
    if explained() != transitions():
        complaints.append("the table in docs/slot-states.md is not that of slot_state.hpp")
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
