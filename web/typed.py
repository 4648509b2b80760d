"""Numbers and times from a visitor, who may send anything."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"\d{1,6}", re.ASCII)


def whole_number(typed: str) -> int | None:
    """Return the number of up to six digits, spaces around it allowed; `None` for anything else."""
    typed = typed.strip()
    return int(typed) if _WHOLE.fullmatch(typed) else None
