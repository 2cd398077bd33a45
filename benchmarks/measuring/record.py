"""record.py <folder of the programs> [question...]   measures, and writes a result and its charts
record.py --draw <result>                          draws the charts of a result again"""

import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import charts
import programs
import questions


def provenance(folder):
    compiler = next(folder.parent.glob("CMakeFiles/*/CMakeCXXCompiler.cmake")).read_text()

    def of_compiler(key):
        return re.search(rf'set\(CMAKE_CXX_COMPILER_{key} "([^"]*)"\)', compiler).group(1)

    name = {"GNU": "g++"}.get(of_compiler("ID"), of_compiler("ID").lower())
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "commit": commit(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "compiler": f"{name} {of_compiler('VERSION')}",
        "kernel": f"{platform.system()} {platform.release()}",
        "repetitions": programs.REPETITIONS,
        "load_average_before": programs.load_average(),
    }


def commit():
    """With -dirty where what was measured is not what was committed; results and charts do not count."""
    def git(*words):
        command = ["git", "-C", programs.HERE, *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    changed = git("status", "--porcelain", "--", "..", ":!results", ":!charts")
    return git("rev-parse", "--short=10", "HEAD").strip() + ("-dirty" if changed else "")


def summary(values):
    """The lower quartile, the median and the upper quartile, to four digits."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return [float(f"{value:.4g}") for value in (low, median, high)]


def measure(folder, wanted):
    rows = {}
    for question in programs.questions(folder):
        if not wanted or question in wanted:
            measured = programs.run(folder, question)
            rows[question] = {row: {key: summary(values) for key, values in sorted(figures.items())}
                              for row, figures in sorted(measured.items())}
    if not wanted or "instructions" in wanted:
        rows["instructions"] = {row: {"instructions": summary([count])}
                                for row, count in sorted(programs.count_instructions(folder).items())}
    return rows


def bars(group, figure, rows):
    for label, name, ours in group.rows:
        if figure in rows.get(name, {}):
            yield label, ours, tuple(value / group.divisor for value in rows[name][figure])


def drawings(result):
    """The path and the text of the chart of each question that the result answers."""
    words = "carpool {commit}, {cpu}, {processors} processors, {compiler}, {kernel}, {date}".format(**result)
    for question, rows in result["rows"].items():
        chart = questions.CHARTS.get(question)
        groups = [(group.heading, list(bars(group, chart.figure, rows))) for group in chart.groups] if chart else []
        groups = [(heading, found) for heading, found in groups if found]
        if groups:
            yield programs.HERE / "charts" / f"{question}.svg", charts.draw(chart.title, chart.axis, groups, words)


def draw_all(result):
    for path, drawing in drawings(result):
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawing)
        print(path)


def slug(words):
    return re.sub(r"[^a-z0-9.+]+", "-", words.lower().replace("(r)", "").replace("(tm)", "")).strip("-")


def record(folder, wanted):
    result = provenance(folder)
    path = programs.HERE / "results" / f"{result['commit']}.{slug(result['cpu'])}.{slug(result['compiler'])}.json"
    path.parent.mkdir(exist_ok=True)
    rows = measure(folder, wanted)
    result["load_average_after"] = programs.load_average()
    measured_before = json.loads(path.read_text())["rows"] if path.exists() else {}  # of other questions
    result["rows"] = dict(sorted({**measured_before, **rows}.items()))
    text = re.sub(r"\[[^\[\]]*\]", lambda numbers: " ".join(numbers.group().split()), json.dumps(result, indent=1))
    path.write_text(text + "\n")  # the three numbers of a figure on one line
    print(path)
    return result


def main(first, *rest):
    if first == "--draw":
        draw_all(json.loads(pathlib.Path(rest[0]).read_text()))
    else:
        draw_all(record(pathlib.Path(first).resolve(), rest))


if __name__ == "__main__":
    main(*sys.argv[1:])
