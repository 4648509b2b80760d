"""A station that ends leaves no request waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.store import StoreError
from tests.station.rig import Rig


def test_store_request_after_stop_is_refused(tmp_path: Path) -> None:
    """A page's request while the station stops gets a sentence at once."""
    with Rig(tmp_path) as rig:
        before = rig.station.add_person("Ada")
        rig.station.stop()
        rig.station.run(lambda: None)
        after = rig.station.add_person("Ben")
        for done in (before, after):
            with pytest.raises(StoreError, match="has been stopped"):
                done.result(0)


def test_failed_loop_answers_store_requests(tmp_path: Path) -> None:
    """Even if the loop ends with an error."""

    def die() -> None:
        raise ZeroDivisionError

    with Rig(tmp_path) as rig:
        waiting = rig.station.add_person("Ada")
        with pytest.raises(ZeroDivisionError):
            rig.station.run(die)
        assert isinstance(waiting.exception(0), StoreError)
