"""A test double of the station API: the test sets its snapshot, and it records the page's requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from station.app.access import api_tokens, roles
from station.app.access.network_request import ask_for_network
from station.app.access.roles import Role
from station.app.board.bring_up_desk import NOTHING_ASKED, OCCUPIED, STOPPED
from station.app.board.bring_up_records import BringUpView
from station.app.removal import delete_person
from station.app.snapshot import PresenceRequest, PresenceState, PresenceView, Snapshot
from station.app.starting.start_gate import StartDecision, StartGate
from station.catalogue.records import Item
from station.clock import SystemClock
from station.core.events import CommandName, Press, Side
from station.core.steps import Routine
from station.profile import Profile
from station.settings import with_changes
from station.store import Store, StoreError
from station.store.backups.backup import back_up_before_merging
from station.store.backups.restore import staged_backup
from station.store.exchange.merge import merge
from station.store.exchange.merge_report import MergeReport
from station.store.exchange.staging import Staged
from station.store.records import Deletion, Merge
from tests.web.snapshots import snapshot

Kept = TypeVar("Kept")

SHOWN_RHYTHM = (Press.SHORT, Press.LONG, Press.LONG, Press.LONG)
SHOWN_NUMBER = 47


class RecordedBoard:
    """A simulated board that records its commands."""

    def __init__(self, commands: tuple[str, ...]) -> None:
        self._words = commands
        self.acts: list[tuple[str, str | None]] = []

    def act(self, command: str, argument: str | None = None) -> None:
        if command not in self._words:
            raise ValueError(f"The simulated board does not know the word {command!r}.")
        self.acts.append((command, argument))

    def commands(self) -> tuple[str, ...]:
        return self._words


class StationDouble:
    """A station whose snapshot the test sets."""

    def __init__(self, store: Store | None = None, board: RecordedBoard | None = None) -> None:
        self.board = board
        self.commands: list[tuple[CommandName, Side | None]] = []
        self.answers_given: list[str | None] = []
        self.started: list[tuple[Routine, str | None]] = []
        self.titles: list[str | None] = []
        self.chosen: list[bool] = []
        """For each start requested by name, whether the person was chosen."""
        self.restored: list[tuple[str, bytes]] = []
        self.same_board = False
        """The databases that would have taken the place of the station's."""
        self.on_write_waiting: Callable[[], None] = lambda: None
        """Stores what the running session has so far."""
        self.analogue = True
        self.blocks_mm: tuple[float, ...] = (0.0, 100.0, 200.0)
        self._store = store
        self._wakes: list[Callable[[], None]] = []
        self._now = Snapshot(at_us=SystemClock().now_us())

    def snapshot(self) -> Snapshot:
        return self._now

    def show(self, **changes: Any) -> None:
        """Publish a new snapshot, taken at this moment, and wake all subscribers."""
        self._now = snapshot(self._now, **{"at_us": SystemClock().now_us(), **changes})
        for wake in list(self._wakes):
            wake()

    def show_only(self, **fields: Any) -> None:
        """Publish a new snapshot with only these fields, and wake all subscribers."""
        self._now = Snapshot(at_us=SystemClock().now_us())
        self.show(**fields)

    @property
    def watchers(self) -> int:
        return len(self._wakes)

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        self._wakes.append(wake)
        return lambda: self._wakes.remove(wake)

    def command(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> None:
        self.commands.append((word, side))
        self.answers_given.append(answer)

    def start(self, routine: Routine, person_id: str | None, called: str | None = None) -> None:
        self.started.append((routine, person_id))
        self.titles.append(called)

    def request_start(self, name: str, person_id: str | None, *, is_chosen: bool = False) -> Future[StartDecision]:
        """Decide by the real start gate, as the station does."""
        self.chosen.append(is_chosen)
        done: Future[StartDecision] = Future()
        try:
            assert self._store is not None
            gate = StartGate(
                self._store,
                self._store.settings(),
                person_id,
                datetime.now(UTC),
                analogue=self.analogue,
                blocks_mm=self.blocks_mm,
            )
            decision = gate.decide(name)
            if decision.routine:
                self.start(decision.routine, person_id, decision.title)
            self.show(decision=decision, decided_for=person_id, note=decision.note)
            done.set_result(decision)
        except (ValueError, StoreError) as error:
            done.set_exception(error)
        return done

    def _run_now(self, act: Callable[[Store], Kept]) -> Future[Kept]:
        assert self._store is not None
        done: Future[Kept] = Future()
        try:
            done.set_result(act(self._store))
        except (ValueError, LookupError, StoreError) as error:
            done.set_exception(error)
        return done

    def _change_access(self, act: Callable[[Store], Kept]) -> Future[Kept]:
        done = self._run_now(act)
        self.show(access_number=self._now.access_number + 1)
        return done

    def start_bring_up(self, *, asks: bool, is_empty: bool) -> Future[None]:
        """Show a bring-up that begins; the test shows what follows. A board with a heel down is refused."""
        return self._run_now(lambda _store: self._begin_bring_up(asks, is_empty))

    def _begin_bring_up(self, asks: bool, is_empty: bool) -> None:
        if not is_empty and any(heel.down for heel in self._now.heels):
            raise ValueError(OCCUPIED)
        self.show(bring_up=BringUpView(1, asks))

    def answer_bring_up(self, number: int, answer: str) -> Future[None]:
        """Check the answer as the station does, and record it."""
        return self._run_now(lambda _store: self._take_bring_up_answer(number, answer))

    def _take_bring_up_answer(self, number: int, answer: str) -> None:
        view = self._now.bring_up
        if view is None or view.question is None:
            raise ValueError(NOTHING_ASKED)
        self.answers_given.append(view.question.checked(answer))
        self.show(bring_up=replace(view, number=number + 1, question=None, doing=view.question.then))

    def stop_bring_up(self) -> Future[None]:
        if self._now.bring_up is not None:
            self.show(bring_up=replace(self._now.bring_up, is_over=True, question=None, why=STOPPED))
        return self._run_now(lambda _store: None)

    def request_presence(self) -> Future[PresenceRequest]:
        """Show a waiting request; the test shows what follows."""
        serial = 1 if self._now.presence is None else self._now.presence.serial + 1
        self.show(presence=PresenceView(serial, PresenceState.WAITING, (), 120))
        done: Future[PresenceRequest] = Future()
        done.set_result(PresenceRequest(f"request {serial}", serial, SHOWN_RHYTHM, SHOWN_NUMBER, 120))
        return done

    def finish_presence(self, request_id: str) -> Future[None]:
        return self._end_presence(request_id, PresenceState.MATCHED, PresenceState.CONFIRMED)

    def cancel_presence(self, request_id: str) -> Future[None]:
        return self._end_presence(request_id, PresenceState.WAITING, PresenceState.CANCELLED)

    def _end_presence(self, request_id: str, expected: PresenceState, end: PresenceState) -> Future[None]:
        done: Future[None] = Future()
        view = self._now.presence
        if view is None or request_id != f"request {view.serial}" or view.state is not expected:
            done.set_exception(ValueError("This request is over: ask again."))
            return done
        self.show(presence=PresenceView(view.serial, end, (), 0))
        done.set_result(None)
        return done

    def add_person(self, name: str, viewer_id: str | None = None, *, device_id: str | None = None) -> Future[str]:
        return self._change_access(lambda store: roles.add_person(store, name, viewer_id, device_id))

    def write_waiting(self) -> Future[None]:
        return self._run_now(lambda _: self.on_write_waiting())

    def request_network(self, is_on: bool) -> Future[None]:
        return self._run_now(lambda store: ask_for_network(store.path, is_on))

    def rename_person(self, person_id: str, name: str) -> Future[None]:
        return self._run_now(lambda store: store.rename_person(person_id, name))

    def save_profile(self, person_id: str, profile: Profile) -> Future[None]:
        return self._run_now(lambda store: store.save_profile(person_id, profile))

    def archive_person(self, person_id: str, *, is_archived: bool) -> Future[None]:
        return self._run_now(lambda store: store.archive_person(person_id, is_archived=is_archived))

    def merge_people(self, person_id: str, into_id: str) -> Future[Merge]:
        def merge(store: Store) -> Merge:
            backup = back_up_before_merging(store.path, datetime.now(UTC))
            return Merge(store.merge_people(person_id, into_id), backup.name)

        return self._run_now(merge)

    def delete_person(self, person_id: str) -> Future[Deletion]:
        return self._run_now(lambda store: delete_person(store, person_id, datetime.now(UTC)))

    def swap_sides(self, session_id: str, test_id: str | None = None) -> Future[None]:
        return self._run_now(lambda store: store.swap_sides(session_id, test_id))

    def claim_session(self, session_id: str, person_id: str | None) -> Future[None]:
        return self._run_now(lambda store: store.claim_session(session_id, person_id))

    def answer(self, person_id: str, question: str, answer: Any, about: str | None = None) -> Future[str]:
        return self._run_now(lambda store: store.add_answer(person_id, question, answer, about))

    def answer_test(
        self, test_id: str, *, pain: int | None = None, felt: Collection[str] | None = None
    ) -> Future[None]:
        return self._run_now(lambda store: store.answer_test(test_id, pain=pain, felt_places=felt))

    def describe_test(
        self, test_id: str, *, shod: bool | None, back_foot: str | None, warmed_up: bool | None
    ) -> Future[None]:
        return self._run_now(
            lambda store: store.describe_test(test_id, shod=shod, back_foot=back_foot, warmed_up=warmed_up)
        )

    def answer_own_circumstance(self, person_id: str, name: str, answer: bool | str | None) -> Future[None]:
        return self._run_now(lambda store: store.answer_own_circumstance(person_id, name, answer))

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Item]
    ) -> Future[str]:
        made = [msgspec.to_builtins(item) for item in items]
        return self._run_now(lambda store: store.save_routine(routine_id, person_id, name, made))

    def remove_routine(self, routine_id: str) -> Future[None]:
        return self._run_now(lambda store: store.remove_routine(routine_id))

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> Future[None]:
        return self._run_now(lambda store: store.save_plan(person_id, plan))

    def change_settings(self, changes: dict[str, str]) -> Future[None]:
        assert self._store is not None
        values = with_changes(self._store.settings(), changes)
        return self._run_now(lambda store: store.save_settings(values))

    def import_staged(self, path: str, person_id: str | None, same_board: bool = False) -> Future[MergeReport]:
        return self._run_now(lambda store: merge(store, Staged(Path(path), person_id), same_board=same_board))

    def restore_backup(self, path: str, name: str, same_board: bool = False) -> Future[None]:
        """Check the backup as the board does, and keep a copy of what it would put in place."""

        def check(store: Store) -> None:
            with staged_backup(Path(path), store.path) as staged:
                self.restored.append((name, staged.path.read_bytes()))
                self.same_board = same_board

        return self._run_now(check)

    def add_device(
        self, token_hash: str, name: str, role: Role, person_id: str | None, *, is_shared: bool = False
    ) -> Future[str]:
        return self._change_access(
            lambda store: roles.pair(store, datetime.now(UTC), token_hash, name, role, person_id, is_shared=is_shared)
        )

    def rename_device(self, device_id: str, name: str) -> Future[None]:
        return self._run_now(lambda store: store.rename_device(device_id, name))

    def revoke_device(self, device_id: str) -> Future[None]:
        return self._change_access(lambda store: store.revoke_device(device_id))

    def set_role(self, device_id: str, role: Role) -> Future[None]:
        return self._change_access(lambda store: store.set_role(device_id, role))

    def share_device(self, device_id: str, *, is_shared: bool) -> Future[None]:
        return self._change_access(lambda store: store.share_device(device_id, is_shared=is_shared))

    def choose_person(self, device_id: str, token_hash: str, person_id: str | None) -> Future[None]:
        return self._change_access(
            lambda store: roles.choose_person(store, datetime.now(UTC), device_id, token_hash, person_id)
        )

    def renew_token(self, device_id: str, token_hash: str) -> Future[None]:
        return self._change_access(lambda store: store.renew_token(device_id, token_hash))

    def touch_device(self, device_id: str) -> Future[None]:
        return self._run_now(lambda store: roles.touch(store, datetime.now(UTC), device_id))

    def note_presence(self, device_id: str) -> Future[None]:
        return self._run_now(lambda store: store.note_presence(device_id, datetime.now(UTC) + roles.PRESENCE))

    def agree_consent(self, viewer_id: str, person_id: str, device_id: str | None = None) -> Future[None]:
        return self._change_access(lambda store: store.agree_consent(viewer_id, person_id, device_id))

    def withdraw_consent(self, viewer_id: str, person_id: str) -> Future[None]:
        return self._change_access(lambda store: store.withdraw_consent(viewer_id, person_id))

    def set_pin(self, person_id: str, pin_hash: str | None) -> Future[None]:
        return self._run_now(lambda store: store.set_pin(person_id, pin_hash))

    def note_attempt(self, kind: str, *, succeeded: bool = False) -> Future[str]:
        return self._run_now(lambda store: roles.note_attempt(store, datetime.now(UTC), kind, succeeded=succeeded))

    def note_success(self, attempt_id: str) -> Future[None]:
        return self._run_now(lambda store: store.note_success(attempt_id))

    def log_access(self, what: str, device_id: str | None = None, person_id: str | None = None) -> Future[None]:
        return self._run_now(lambda store: store.log_access(what, device_id, person_id))

    def add_api_token(self, device_id: str, token_hash: str, name: str, scopes: list[str]) -> Future[str]:
        return self._run_now(lambda store: api_tokens.add(store, device_id, token_hash, name, scopes))

    def revoke_api_token(self, token_id: str) -> Future[None]:
        return self._run_now(lambda store: store.revoke_api_token(token_id))

    def touch_api_token(self, token_id: str) -> Future[None]:
        return self._run_now(lambda store: store.touch_api_token(token_id))
