"""Write everything that a builder needs: `python -m hardware.workshop`.

To `build/hardware/`: STL files, pictures, documents, harness, cutting list. Files that are committed are also written
to the repository; a test checks that they match the code.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hardware.workshop import files, stl


def main() -> int:
    """Write all files, and print where."""
    out = Path("build/hardware")
    shutil.rmtree(out, ignore_errors=True)
    count = stl.write_all(out / "stl")
    for name, made in files.committed().items():
        text = made()
        for place in (out / name, files.HOME / name):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{count} STL files and {len(files.committed())} pictures and documents are in {out}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
