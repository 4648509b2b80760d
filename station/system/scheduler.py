"""APScheduler as the station's alarm clock, for seconds and for days.

It uses wall time, which jumps when a Raspberry Pi gets the time from the network. So it only wakes the loop: the loop
times everything on the monotonic clock, an early alarm changes nothing, and the loop's limited wait covers a late one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from station.clock import Clock

ALARM = "activity alarm"
ASKED = "asked"
"""The job that shows whether the scheduler works."""
SAME_US = 1_000
"""An alarm that would move by less than this stays."""
NIGHT_HOUR, NIGHT_MINUTE = 3, 30
LATE_S = 6 * 3600
"""A calendar job missed by less than this still runs, once."""


class Scheduler:
    """The activity's alarm, as one job that is moved, and the calendar's jobs."""

    def __init__(
        self, clock: Clock, ring: Callable[[], None], report_fault: Callable[[str, str | None], None] = lambda *_: None
    ) -> None:
        """`ring` is called from the scheduler's thread and must only wake the loop. `report_fault` is called for jobs
        that fail or do not end."""
        self._report_fault = report_fault
        self._clock = clock
        self._ring = ring
        self._at_us: int | None = None
        self._nightly: Callable[[], None] | None = None
        self._reminders: Mapping[str, datetime] = {}
        self._remind: Callable[[str], None] = lambda _person_id: None
        self._scheduler = self._make()

    def _make(self) -> BackgroundScheduler:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(executors={"default": ThreadPoolExecutor(2)}, daemon=True)
        scheduler.add_listener(self._on_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_EXECUTED)
        return scheduler

    def _on_event(self, event: JobEvent) -> None:
        """Report a calendar job that fails, or is still running at its next time, until it succeeds.

        A job that is too late to run is no fault: yesterday's reminder is dropped, and the next backup is tonight.
        """
        if event.job_id in (ALARM, ASKED):
            return
        job, sentence = event.job_id.partition(" ")[0], None  # a reminder's id ends with a person's
        if event.code == EVENT_JOB_ERROR:
            sentence = f"The job “{job}” has failed ({event.exception!r}): the next one is tried at its time."
        elif event.code == EVENT_JOB_MAX_INSTANCES:
            sentence = f"The job “{job}” has not ended since its last time: restart the station."
        self._report_fault(f"{job} job", sentence)

    def start(self) -> None:
        self._scheduler.start()

    @property
    def is_alive(self) -> bool:
        """Whether the scheduler's thread is still running."""
        thread = getattr(self._scheduler, "_thread", None)
        return thread is not None and thread.is_alive()

    def restart(self) -> None:
        """Replace a dead scheduler with a new one."""
        self._scheduler = self._make()
        self._at_us = None
        self._scheduler.start()
        if self._nightly is not None:
            self.every_night(self._nightly)
        self.set_reminders(self._reminders, self._remind)

    def post(self, call: Callable[[], None]) -> None:
        """Let a worker call a function that does not block, at once, in the same way as an alarm."""
        self._scheduler.add_job(call, id=ASKED, replace_existing=True, misfire_grace_time=None)

    def move_alarm(self, at_us: int | None) -> None:
        """Move the loop's alarm to this time on the monotonic clock; `None` cancels it."""
        if at_us is None:
            if self._at_us is not None:
                with suppress(JobLookupError):  # it is just firing
                    self._scheduler.remove_job(ALARM)
            self._at_us = None
            return
        if self._at_us is not None and abs(at_us - self._at_us) < SAME_US:
            return
        self._at_us = at_us
        run_date = self._clock.utc_now() + timedelta(microseconds=max(0, at_us - self._clock.now_us()))
        self._scheduler.add_job(
            self._fire, DateTrigger(run_date), id=ALARM, replace_existing=True, misfire_grace_time=None
        )

    def _fire(self) -> None:
        self._at_us = None
        self._ring()

    def every_night(self, job: Callable[[], None]) -> None:
        """Run a job every night by the wall clock, replacing the former one; call it again after the clock was set."""
        self._nightly = job
        self._scheduler.add_job(
            job,
            CronTrigger(hour=NIGHT_HOUR, minute=NIGHT_MINUTE),
            id="nightly",
            replace_existing=True,
            coalesce=True,
            misfire_grace_time=LATE_S,
            max_instances=1,
        )

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None:
        """Replace all reminders: call `job` with each key at its time. `job` must only wake the loop.

        Each key has one date, which the loop moves forward: cron rules do not handle the hours that a time zone skips
        or repeats as a person expects. A date missed by a few hours is called once, late.
        """
        for key in self._reminders.keys() - at.keys():
            with suppress(JobLookupError):  # it has just fired
                self._scheduler.remove_job(f"remind {key}")
        self._reminders, self._remind = dict(at), job
        for key, when in at.items():
            self._scheduler.add_job(
                job,
                DateTrigger(when),
                args=[key],
                id=f"remind {key}",
                replace_existing=True,
                coalesce=True,
                misfire_grace_time=LATE_S,
                max_instances=1,
            )

    def reschedule(self) -> None:
        """Reschedule all jobs after the wall clock was set."""
        if self._scheduler.running:
            self._scheduler.wakeup()

    def stop(self) -> None:
        """End the scheduler; may be called more than once."""
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()  # a job that fires during shutdown would end its thread with an error
            self._scheduler.shutdown(wait=False)
