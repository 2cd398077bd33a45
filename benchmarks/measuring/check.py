"""check.py <folder of the programs> [word...]: the table of what was promised, as measured now."""

import pathlib
import sys

import programs
import table


def measure(folder, rows):
    results = {}
    for question in dict.fromkeys(row.question for row in rows):
        pattern, seconds = table.NEEDED[question]
        results.update(programs.medians(programs.run(folder, question, pattern, min_time=seconds)))
    return results


def judge(row, results):
    """The line of a row; the last word is its verdict."""
    bar = f"{'>=' if row.at_least else '<='} {row.bar:g}"
    try:
        figure = row.figure(results)
    except (KeyError, ValueError, ZeroDivisionError):
        return (row.name, "none", bar, row.unit, "short")
    return (row.name, f"{figure:.3g}" if abs(figure) < 100 else f"{figure:.0f}", bar, row.unit,
            "pass" if row.passes(figure) else "short")


def judge_instructions(folder, words):
    bounds = {row: bound for row, bound in programs.instruction_bounds().items()
              if chosen(f"instructions, {row}", words)}
    counts = programs.count_instructions(folder) if bounds else {}
    for row, bound in bounds.items():
        yield judge(table.Row(f"instructions, {row}", "", lambda results, name=row: results[name], bound, ""), counts)
    for row in sorted(counts.keys() - bounds.keys()):
        yield (f"instructions, {row}", f"{counts[row]:.0f}", "", "", "")


def chosen(name, words):
    return not words or any(word in name for word in words)


def print_table(lines):
    lines = [("row", "figure", "bar", "", "")] + lines
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    for name, figure, bar, unit, verdict in lines:
        left = f"{name:<{widths[0]}}  {figure:>{widths[1]}}  {bar:<{widths[2]}}"
        print(f"{left}  {unit:<{widths[3]}}  {verdict}".rstrip())


def main(folder, *words):
    folder = pathlib.Path(folder).resolve()
    load = programs.load_average()
    rows = [row for row in table.rows() if chosen(row.name, words)]
    if not rows and not words:
        raise SystemExit("check: there is nothing to check")
    results = measure(folder, rows)
    judged = [judge(row, results) for row in rows] + list(judge_instructions(folder, words))
    print_table(judged)
    short = sum(line[-1] == "short" for line in judged)
    passed = sum(line[-1] == "pass" for line in judged)
    print(f"\n{passed} of {passed + short} rows pass, {short} are short; medians of {programs.REPETITIONS} "
          f"repetitions; load average {load:.1f} before, {programs.load_average():.1f} after")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
