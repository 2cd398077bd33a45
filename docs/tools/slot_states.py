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
PLACES = {"empty": (75, 40), "connecting": (365, 40), "idle": (365, 210), "leased": (365, 450), "refreshing": (220, 330),
          "closing": (75, 210)}
ACROSS, DOWN = 440, 524  # so narrow that a telephone shows it legibly
HALF_WIDTH, HALF_HEIGHT = 52, 20
# Each arrow's path, and where its events are named.
ROUTES = {
    ("empty", "connecting"): ("M127 30 H311", 220, 22),
    ("connecting", "empty"): ("M313 50 H129", 220, 66),
    ("connecting", "idle"): ("M365 60 V188", 386, 128),
    ("connecting", "closing"): ("M325 60 C300 140 180 130 112 188", 200, 122),
    ("idle", "closing"): ("M313 210 H129", 220, 203),
    ("idle", "leased"): ("M381 230 V428", 405, 335),
    ("leased", "idle"): ("M349 430 V233", 332, 372),
    ("idle", "refreshing"): ("M320 230 L256 307", 240, 262),
    ("refreshing", "idle"): ("M273 322 L338 233", 319, 294),
    ("leased", "refreshing"): ("M313 436 C270 420 246 390 238 353", 226, 396),
    ("refreshing", "leased"): ("M272 345 C310 370 318 396 326 428", 300, 352),
    ("refreshing", "closing"): ("M168 322 L104 233", 176, 284),
    ("leased", "closing"): ("M313 450 C160 450 80 380 75 233", 100, 412),
    ("leased", "empty"): ("M365 470 C365 510 12 520 12 400 V80 C12 60 14 50 21 46", 200, 514),
    ("closing", "empty"): ("M75 190 V62", 112, 110),
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
    return ('<svg xmlns="http://www.w3.org/2000/svg" class="picture" '
            f'width="{ACROSS}" height="{DOWN}" viewBox="0 0 {ACROSS} {DOWN}" role="img" '
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
