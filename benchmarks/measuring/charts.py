"""Has carpool-chart draw horizontal bars in groups. The same results give the same bytes."""

import json
import subprocess

import programs

PROGRAM = programs.HERE.parent / "build" / "bench" / "tools" / "compare" / "carpool-chart"
CAPTION = "Blue is carpool; grey is what it is measured beside. Lines: the middle half of the repetitions."


def draw(title, axis, groups, provenance):
    """groups: [(heading, [(label, ours, (low, median, high))])]. Returns the text of an SVG file."""
    chart = {"title": title, "axis": axis, "caption": CAPTION, "source": provenance, "range": "half of the repetitions",
             "groups": [{"heading": heading, "bars": [_bar(*bar) for bar in bars]} for heading, bars in groups]}
    return subprocess.run([PROGRAM], input=json.dumps(chart), check=True, stdout=subprocess.PIPE, text=True).stdout


def _bar(label, ours, figures):
    return {"label": label, "ours": ours, **dict(zip(("low", "median", "high"), figures))}
