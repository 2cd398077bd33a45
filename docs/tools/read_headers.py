#!/usr/bin/env python3
"""read_headers.py FOLDER: has doxygen read the public headers, and leaves what it found as XML in FOLDER/xml.

Public is what a user may name: the faces, and the folders behind them except detail/ and the backends' own workings."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the folders behind the backends a user names only what drives a simulation.
SIMULATION = {"network.hpp", "report.hpp", "run.hpp", "search.hpp"}


def public_headers():
    for room in ("include", "backends", "connectors", "async", "operate"):
        for header in sorted((ROOT / room / "carpool").rglob("*.hpp")):
            parts = header.relative_to(ROOT / room / "carpool").parts
            if "detail" in parts:
                continue
            if room == "backends" and len(parts) > 1 and not (parts[0] == "simulation" and parts[-1] in SIMULATION):
                continue
            yield header


def settings(folder):
    yield "PROJECT_NAME = carpool"
    yield f'OUTPUT_DIRECTORY = "{folder}"'
    yield "INPUT = " + " ".join(f'"{header}"' for header in public_headers())
    yield f'STRIP_FROM_PATH = "{ROOT}"'
    yield "EXCLUDE_SYMBOLS = *::detail detail detail::* *::detail::*"
    # The version's inline namespace is no part of any name that a user writes.
    yield r'''INPUT_FILTER = "sed -E 's/^(namespace carpool)::inline v[0-9_]+/\1/'"'''
    for name in ("GENERATE_HTML", "GENERATE_LATEX", "XML_PROGRAMLISTING", "AUTOLINK_SUPPORT", "WARNINGS", "JAVADOC_AUTOBRIEF",
                 "HAVE_DOT"):
        yield name + " = NO"
    for name in ("GENERATE_XML", "EXTRACT_ALL", "QUIET", "MACRO_EXPANSION"):
        yield name + " = YES"


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Doxyfile").write_text("\n".join(settings(folder)) + "\n")
    subprocess.run(["doxygen", folder / "Doxyfile"], check=True)


if __name__ == "__main__":
    main()
