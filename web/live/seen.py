"""What a visitor sees of the board: everything if they may see the person's results, else the bare board."""

from __future__ import annotations

from msgspec.structs import replace

from station.app.access.roles import Visitor
from station.app.snapshot import Fault, Snapshot
from station.core.state import ActivityState, IdleState, QuestionState, TestState

HIDDEN_FAULT = Fault("board", "Something needs attention: a paired browser says what.")


def snapshot_for(visitor: Visitor, now: Snapshot) -> Snapshot:
    """The snapshot without what this visitor may not see: names, ids, results, decisions and notes of others.

    Returns the same object if nothing is left out.
    """
    hidden: dict[str, object] = {}
    if not _sees(visitor, now.person_id):
        hidden |= {"person_id": None, "person_name": None, "session_id": None, "routine_title": None, "note": None}
        is_question = isinstance(now.state, QuestionState) and not visitor.is_paired
        hidden["state"] = IdleState() if is_question else _without_results(now.state)
    if not _sees(visitor, now.note_about):
        hidden["note"] = None
    if not _sees(visitor, now.decided_for):
        hidden |= {"decision": None, "decided_for": None}
    if now.unfinished is not None and not _sees(visitor, now.unfinished.person_id):
        hidden["unfinished"] = None
    if now.faults and not visitor.is_paired:
        hidden["faults"] = (HIDDEN_FAULT,)
    return replace(now, **hidden) if hidden else now


def _sees(visitor: Visitor, person_id: str | None) -> bool:
    return visitor.is_paired and (person_id is None or visitor.sees(person_id))


def _without_results(state: ActivityState) -> ActivityState:
    """The state without measured distances; an activity that only shows them appears as over."""
    if isinstance(state, TestState | QuestionState) and state.phase in ("result", "done"):
        return IdleState()
    if isinstance(state, TestState):
        return replace(state, target_mm=None, best_mm=None, result_left_mm=None, result_right_mm=None)
    if isinstance(state, QuestionState):
        return replace(state, result_left_mm=None, result_right_mm=None)
    return state
