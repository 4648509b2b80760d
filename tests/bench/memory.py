"""The memory of a station's processes. Imports no browser driver, which would count in the measured memory."""

from __future__ import annotations

from pathlib import Path

MB = 1_024


def memory_kib(process: int) -> int:
    """The process's own memory and its share of shared memory (PSS), in KiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def processes(board: int) -> list[int]:
    """The board's process and those that it has started."""
    children = Path(f"/proc/{board}/task/{board}/children").read_text(encoding="ascii")
    return [board, *map(int, children.split())]


def memory_mb(board: int) -> list[float]:
    """The memory in MB of the board's process, then of each that it has started."""
    return [memory_kib(process) / MB for process in processes(board)]
