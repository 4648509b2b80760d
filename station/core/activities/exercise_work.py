"""What each exercise adds to the common frame: its work, from GO to the end of a repetition."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar


class ExerciseWork:
    """The methods that the frame calls. An exercise overrides those that it needs."""

    name: ClassVar[str]
    gives_up_in_pause: ClassVar[bool] = True
    """Whether a long pause gives up the current repetition; a count is kept until the end."""
    is_repetition_started = False
    """Whether the current repetition has had its GO."""

    @property
    def resumes_unprepared(self) -> bool:
        """Whether any move of the heel ends a pause, and the work continues at once."""
        return False

    @abstractmethod
    def on_go(self, now_us: int) -> None:
        """GO has sounded."""

    @abstractmethod
    def on_heel_down(self, now_us: int, since_us: int) -> None:
        """The heels at work are down."""

    @abstractmethod
    def on_heel_up(self, now_us: int, since_us: int, *, is_lost: bool) -> None:
        """A heel at work is up, or its sensor is lost."""

    def on_stopped_earlier(self, since_us: int) -> None:
        """The other heel is up or lost too, since before the first, but was reported later."""

    @abstractmethod
    def on_work_alarm(self, now_us: int) -> None:
        """The moment of `work_due_us` has come."""

    @abstractmethod
    def work_due_us(self) -> int | None:
        """When the work next needs an alarm."""

    @abstractmethod
    def suspend(self, now_us: int) -> None:
        """A command pauses the work."""

    def on_resumed(self, now_us: int, since_us: int) -> None:
        """The work continues at once after a pause."""

    @abstractmethod
    def give_up(self, now_us: int) -> None:
        """Report what was done of the current repetition, which has had its GO."""

    @abstractmethod
    def advance_repetition(self) -> bool:
        """Move to the next repetition of this side; false when there is none."""

    @property
    def has_next(self) -> bool:
        """Whether the command `next` ends something now, outside a preparation."""
        return False

    def on_next(self, now_us: int) -> None:
        """The command `next` where `has_next`."""

    @abstractmethod
    def reset_for_side(self) -> None:
        """The next side starts with its first repetition."""
