"""The errors of a part of the board that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from traceback import clear_frames


class DeviceError(Exception):
    """A part cannot be used. `part` is its name; the text is one sentence: what happened, where, what to do."""

    def __init__(self, part: str, sentence: str) -> None:
        super().__init__(sentence)
        self.part = part


@contextmanager
def as_device_error(part: str, where: str) -> Iterator[None]:
    """Turn any error while a part is opened into a DeviceError that names the part and its place.

    gpiozero's half-opened part is dropped here: its pins would stay reserved for as long as the error has it.
    """
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:  # lgpio's own error class exists on a Pi only
        _drop_locals(error)
        sentence = f"The {part} on {where} cannot be opened ({_reason(error)}): {_advice(error)}."
        raise DeviceError(part, sentence) from error


def _drop_locals(error: BaseException) -> None:
    """Clear the frames that have failed, below those of each earlier error too."""
    cause: BaseException | None = error
    while cause is not None:
        clear_frames(cause.__traceback__)
        cause = cause.__context__


def _reason(error: Exception) -> str:
    return str(error).strip("'\".") or type(error).__name__


def _advice(error: Exception) -> str:
    from gpiozero import GPIOPinInUse  # the command line knows these errors long before it opens a pin

    text = str(error).lower()
    if isinstance(error, GPIOPinInUse) or "busy" in text or "in use" in text:
        return "something else uses this pin; stop it, or name another pin in the configuration"
    if isinstance(error, PermissionError) or "permission" in text or "permitted" in text or "can not open" in text:
        return "this user may not use it; add the user to the groups gpio, spi and i2c, and log in again"
    return "check the wiring, and the pin's number in the configuration"


def never_raising(callback: Callable[[], None], on_error: Callable[[Exception], None]) -> Callable[[], None]:
    """A pin callback that never raises: an exception in it would end the edges' one thread, for every pin."""

    def called() -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001  whatever it is, it must not reach the edges' thread
            with suppress(Exception):
                on_error(error)

    return called
