#!/usr/bin/env python3
"""charts.py CARPOOL_CHART: whether each chart in benchmarks/charts is what the program draws of a result in benchmarks/results."""
import json
import pathlib
import sys

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "benchmarks"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCHMARKS / "measuring"))

import charts
import record

# carpool-compare drew it: no result is kept of that.
NOT_OURS = {"cpu.svg"}


def main():
    charts.PROGRAM = sys.argv[1]
    drawn = {}
    for result in (BENCHMARKS / "results").glob("*.json"):
        for path, drawing in record.drawings(json.loads(result.read_text())):
            drawn.setdefault(path.name, []).append(drawing)
    there = {path.name: path.read_text() for path in (BENCHMARKS / "charts").glob("*.svg") if path.name not in NOT_OURS}
    wrong = sorted(name for name, text in there.items() if text not in drawn.get(name, []))
    for name in wrong:
        print(f"benchmarks/charts/{name} is of no result: run benchmarks/record --draw")
    return 1 if wrong or not there else 0


if __name__ == "__main__":
    sys.exit(main())
