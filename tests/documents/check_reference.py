#!/usr/bin/env python3
"""check_reference.py: whether each name that a user may write has a comment, which docs/build makes the reference of.

Exit code 77, with the reason, where doxygen is missing."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tools"


def main():
    if shutil.which("doxygen") is None:
        print("skipped: doxygen is missing (Debian's package has that name)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, TOOLS / "read_headers.py", folder], check=True)
        return subprocess.run([sys.executable, TOOLS / "reference.py", "--check", pathlib.Path(folder) / "xml"]).returncode


if __name__ == "__main__":
    sys.exit(main())
