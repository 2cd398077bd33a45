"""Runs the benchmarks and reads what they say."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent
REPETITIONS = int(os.environ.get("CARPOOL_REPETITIONS", "9"))  # fewer only to try the programs out

# What Google Benchmark writes beside the figures.
_NO_FIGURES = {
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations",
}


def questions(folder):
    """The names of the benchmarks in the build, without _benchmark."""
    return sorted(path.name.removesuffix("_benchmark") for path in folder.glob("*_benchmark"))


def run(folder, question, rows=".", repetitions=REPETITIONS, min_time=0.1):
    """Repetitions of all rows in random order, so that a disturbance does not hit one row alone. Returns
    {row: {figure: [one number for each repetition]}}; times are in nanoseconds."""
    print(f"{question}: {repetitions} repetitions", file=sys.stderr, flush=True)
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = subprocess.run(
            [folder / f"{question}_benchmark", f"--benchmark_filter={rows}",
             f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true",
             f"--benchmark_min_time={min_time}", f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            cwd=folder.parent,  # where it was compiled: one looks for scripts/ beside its source from there
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{question}_benchmark failed:\n{done.stderr}")
        text = pathlib.Path(out.name).read_text()
    return _collect(json.loads(text)["benchmarks"]) if text else {}


def _collect(entries):
    results = {}
    for entry in entries:
        if entry["run_type"] != "iteration" or entry.get("error_occurred"):
            continue
        scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[entry["time_unit"]]
        row = results.setdefault(_without_manner(entry["run_name"]), {})
        for key, value in entry.items():
            if isinstance(value, (int, float)) and key not in _NO_FIGURES:
                row.setdefault(key, []).append(value * scale if key.endswith("_time") else value)
    return results


def _without_manner(name):
    """Google Benchmark adds how it measured; that is no part of the question."""
    for manner in ("/iterations:1", "/manual_time"):
        name = name.replace(manner, "")
    return name


def medians(results):
    """{row: {figure: median}}"""
    return {row: {key: statistics.median(values) for key, values in figures.items()}
            for row, figures in results.items()}


def count_instructions(folder):
    """{row: instructions of a cycle}; empty where valgrind is missing."""
    counts = {}
    for program in ("own_cycles", "peer_cycles"):
        print(f"instructions of {program}", file=sys.stderr, flush=True)
        done = subprocess.run([HERE / "instructions" / "count", folder / program], check=False,
                              stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr, flush=True)  # why not
            continue
        counts.update((line.split()[0], float(line.split()[1])) for line in done.stdout.splitlines())
    return counts


def instruction_bounds():
    lines = (HERE / "instructions" / "bounds.txt").read_text().splitlines()
    return {row: float(bound) for row, bound in (line.split() for line in lines if line and not line.startswith("#"))}


def load_average():
    return os.getloadavg()[0]
