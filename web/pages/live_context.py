"""What the live page and the simulated board's page have in common."""

from __future__ import annotations

from typing import Any

from station.clock import SILENT_AFTER_US
from station.core.events import MAX_PAIN
from web.context import Site
from web.live.view_model import live_view
from web.pages.end_card import end_card_context


def live_context(site: Site) -> dict[str, Any]:
    """The board's state, who may start something, and the card of an ended session."""
    settings = site.settings()
    units = settings.units
    return {
        "view": live_view(site.snapshot(), units, has_buttons=site.visitor().is_paired),
        "units": units,
        "silent_after_ms": SILENT_AFTER_US // 1_000,
        "voice": settings.voice,
        "person": site.person(),
        "people": site.people(),
        **end_card_context(site),
        "most_pain": MAX_PAIN,
    }
