"""A log that cannot be restarted because of a reader is reported, and emptied once the reader has gone."""

from __future__ import annotations

from pathlib import Path

from station.store import Reader, Store
from station.system.log_size import ALARM_BYTES, RETRY_US, LogSize
from tests.station.store.histories import HandClock


def test_log_that_a_reader_keeps_growing_is_reported_until_it_is_emptied(tmp_path: Path) -> None:
    clock, faults = HandClock(), list[str | None]()
    with Store.open(tmp_path / "station.db", clock=clock) as store, Reader.open(store.path) as page:
        watch = LogSize(store, clock, lambda _part, sentence: faults.append(sentence))
        session = store.begin_session(None, clock.utc_now(), simulated=True)
        run = store.begin_run(session, {}, clock.utc_now())
        watch.check(is_idle=True)
        with page.read_transaction() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM people").all()
            store.append_packed_trace(run, bytes(ALARM_BYTES))
            watch.check(is_idle=False)
            assert faults == []
            watch.check(is_idle=True)
        (sentence,) = faults
        assert sentence is not None
        assert "takes more than 16 MB" in sentence
        clock.pass_by(seconds=RETRY_US / 1_000_000)
        watch.check(is_idle=True)
        assert faults == [sentence, None]
        assert store.log_bytes() == 0
