"""Damaged traces, bundles and options: `station replay` reads them or refuses them with one sentence."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from station.cli.main import main
from station.core.steps import MAX_DOSE
from station.core.untrusted import MAX_TRACE_BYTES

TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.csv"))
HEADER = "at_s,channel,value\n"
MAX_S = 2.0
MAX_GROWTH_KB = 200_000

NUMBERS = [
    *("1e9999999", "1e99999999999999999999", "-1e9999999", "1e-9999999", "9" * 400, "9" * 5000, "0." + "3" * 5000),
    *("1e300", "1e308", "1e309", "1e9", "1e-7", "1e-300", "-1", "0", "-0.0", "1.5", "NaN", "Infinity", "-Infinity"),
    *("2", "60", "61", "100", "121", "3600", "1e4", "1000000000", "5e-324"),
]
VALUES = [
    *NUMBERS,
    *("true", "false", "null", '""', '"left"', '"\\u001b[31m"', '"\\ud800"', '"any"', '"down"', '"light"', '"cycle"'),
    *("[]", "{}", "[1]", "[1e-7]", "[0.1,0.1]", "[1e400]", "[0,100,200]", '[{"do":"hold"}]', '{"left":0.5}'),
    *('{"left":1e400}', '{"middle":1}', '{"left":"0.5"}', '{"left":-1}', "[" * 900 + "]" * 900, "[" * 20_000),
]
KEYS = (
    *("do", "side", "first", "hold_s", "repetitions", "rest_s", "prepare_s", "heel", "count", "full", "tempo_s"),
    *("together", "exercise", "prepare_off", "reduced", "rounds", "blocks_mm", "block_mm", "calibration_mm", "warm_s"),
    *("wait_s", "seed", "board", "beat_left_mm", "beat_right_mm", "gain", "offset_mm", "bend_per_mm", "empty"),
    *("standing", "steps", "taps"),
)
DOSE_KEYS = ("hold_s", "repetitions", "rest_s", "prepare_s", "count", "rounds", "warm_s")
KINDS = ("setup", "hold", "reps", "test", "rest", "ask", "lesson", "rhythm", "calibrate", "check", "routine", "dance")
CHANNELS = ("heel_left", "heel_right", "load_left", "load_right", "toe", "knee", "command", "ankle\x1b[2J", "\x07", "")
CELLS = (
    *("down", "up", "on", "off", "0", "0.5", "1", "163", "8190/4", "163/" + "9" * 400, "163/" + "9" * 5000, "65535"),
    *("start", "next", "skip", "pause", "resume", "stop", "confirm", "side left", "side right", "side \x1b"),
    *("answer 5", "answer calf", "answer", "\x1b[31m", "\x00", "\u202e", "x" * 10_000, *NUMBERS),
)
OPTIONS = ("--hold-s", "--repetitions", "--rest-s", "--prepare-s", "--count", "--block-mm", "--offset-mm", "--gain")


class Damage:
    """Damages a recording, a bundle or the options at random, reproducibly by seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def header(self) -> str:
        pick = self.random
        entries = [f'"do": "{pick.choice(KINDS)}"'] if pick.random() < 0.95 else []
        entries += [f'"{pick.choice(KEYS)}": {pick.choice(VALUES)}' for _ in range(pick.choice((0, 0, 1, 2)))]
        entries += [f'"{key}": {pick.choice((1, 2, 60))}' for key in pick.sample(DOSE_KEYS, pick.randrange(3))]
        header = "{" + ", ".join(entries) + "}"
        if pick.random() < 0.2:
            header = f'{{"do": "routine", "steps": [{header}, {{"do": "rest"}}]}}'
        return f"# {header}\n"

    def rows(self) -> str:
        pick, at_s, lines = self.random, 0.0, []
        analogue = pick.random() < 0.5
        for _ in range(pick.randrange(60)):
            at_s += pick.choice((0, 0.02, 0.3, 1, 3, 12))
            at = pick.choice(NUMBERS) if pick.random() < 0.02 else f"{at_s:.3f}"
            heel = (("load_left", pick.choice(("0", "0.5", "1"))), ("load_right", "0.4"))
            if not analogue:
                heel = (("heel_left", pick.choice(("down", "up"))), ("heel_right", pick.choice(("down", "up"))))
            choices = [*heel, ("toe", "163"), ("toe", "8190/4"), ("knee", pick.choice(("on", "off")))]
            choices += [("command", pick.choice(("next", "skip", "stop", "confirm", "pause", "resume", "side left")))]
            if pick.random() < 0.02:
                choices = [(pick.choice(CHANNELS), pick.choice(CELLS))]
            lines.append(",".join((at, *pick.choice(choices))))
        return "\n".join(lines)

    def recording(self) -> str:
        """A shipped recording cut to some lines, with other cells and headers, or an invented one."""
        pick = self.random
        if pick.random() < 0.5:
            return self.header() + HEADER + self.rows()
        lines = pick.choice(TRACES).read_text(encoding="utf-8").splitlines()[: pick.choice((5, 100, 1500))]
        if pick.random() < 0.5:
            lines[0] = self.header().strip()
        for _ in range(pick.choice((0, 0, 1, 3))):
            cells = pick.choice(lines).split(",")
            cells[pick.randrange(len(cells))] = pick.choice((*CELLS, *CHANNELS))
            lines[pick.randrange(len(lines))] = ",".join(cells)
        return "\n".join(lines)

    def content(self) -> bytes:
        """The bytes of a file: a recording or a bundle, intact or with some bytes changed."""
        pick = self.random
        content = self.bundle() if pick.random() < 0.4 else self.recording().encode()
        damaged = bytearray(content)
        is_bundle = content.startswith(b"PK")
        for _ in range(pick.choice((1, 3, 20) if is_bundle else (0, 0, 0, 0, 0, 1, 3))):
            if damaged:
                damaged[pick.randrange(len(damaged))] = pick.randrange(256 if is_bundle else 128)
        if pick.random() < 0.1:
            del damaged[pick.randrange(len(damaged) + 1) :]
        return bytes(damaged)

    def bundle(self) -> bytes:
        pick, content = self.random, io.BytesIO()
        method = pick.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2))
        with zipfile.ZipFile(content, "w", method) as archive:
            archive.writestr("session.json", "{}")
            archive.writestr("1-hold.csv", TRACES[1].read_text(encoding="utf-8"))
            archive.writestr(pick.choice(("2-reps.csv", "\x1b[31m.csv", "2.csv")), self.recording())
        return content.getvalue()

    def options(self) -> list[str]:
        pick = self.random
        given = ["--do", pick.choice(("hold", "reps", "test", "calibrate", "check"))] if pick.random() < 0.5 else []
        for _ in range(pick.choice((0, 0, 0, 0, 1, 2))):
            given += [f"{pick.choice(OPTIONS)}={pick.choice(NUMBERS)}"]
        return given


def refuse_constant(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def check_replay(directory: Path, content: bytes, *options: str) -> tuple[int, str]:
    """Replay the content, check what is true for every input, and return exit status and standard error."""
    file = directory / "trace"
    file.write_bytes(content)
    before_kb, began_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    result = CliRunner().invoke(main, ["replay", str(file), *options])
    took_s = time.process_time() - began_s
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 2)
    for line in result.stdout.splitlines():
        json.loads(line, parse_constant=refuse_constant)
    assert all(one.isprintable() or one == "\n" for one in result.stderr), ascii(result.stderr)
    if result.exit_code == 2 and not result.stderr.startswith("Usage:"):
        assert len(result.stderr) < 600
        assert result.stderr.startswith("station: ")
        assert result.stderr.count("\n") == 1
    assert took_s < MAX_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < MAX_GROWTH_KB
    return result.exit_code, result.stderr


@pytest.mark.parametrize("seed", range(150))
def test_damaged_input_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    """No traceback, no NaN or Infinity, no control character, and neither much time nor much memory."""
    damage = Damage(seed)
    check_replay(tmp_path, damage.content(), *damage.options())


ROW = "0,heel_left,down\n"
REFUSED = {
    "time beyond every exponent": (HEADER + "1e9999999,heel_left,down\n", "at_s is '1e9999999'"),
    "header nested too deeply": ('# {"do": ' + "[" * 20_000 + "\n" + HEADER, "nested too deeply"),
    "number too large for a float": (f'# {{"do": "hold", "hold_s": {"9" * 400}}}\n' + HEADER, "hold_s is 9"),
    "number too long for Python": (f'# {{"do": "hold", "hold_s": {"9" * 5000}}}\n' + HEADER, "line 1"),
    "status of 400 digits": (HEADER + f"1,toe,163/{'9' * 400}\n", "range status"),
    "too many rounds": ('# {"do": "calibrate", "rounds": 1e9}\n' + HEADER + ROW, "rounds is 1000000000.0"),
    "rounds beyond memory": ('# {"do": "calibrate", "rounds": 1e300}\n' + HEADER + ROW, "whole number from 1 to 10"),
    "too many repetitions": ('# {"do": "hold", "repetitions": 1000000000}\n' + HEADER + ROW, "from 1 to 120"),
    "tempo without time": ('# {"do": "reps", "heel": "any", "tempo_s": [1e-7]}\n' + HEADER + ROW, "0.1 to 30 seconds"),
    "step nested too deeply": (f'# {{"do": {"[" * 900}{"]" * 900}}}\n' + HEADER + ROW, "do is [[[[...]]]]"),
    "infinite gain": ('# {"do": "test", "gain": 1e308}\n' + HEADER + "0,toe,163\n", "gain is 1e+308"),
    "channel that moves the cursor": (HEADER + "0,\x1b[2J\x07,down\n", r"'\x1b[2J\x07' is 'down'"),
    "channel without an end": (HEADER + f"0,{'x' * 100_000},down\n", "no such channel"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_trace_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    """The sentence names what is wrong and where."""
    text, words = REFUSED[case]
    options = () if '"do"' in text else ("--do", "hold")
    status, sentence = check_replay(tmp_path, text.encode(), *options)
    assert status == 2
    assert words in sentence


@pytest.mark.parametrize("gain", ["1e308", "inf", "nan", "0", "-1"])
def test_gain_of_no_sensor_is_refused(tmp_path: Path, gain: str) -> None:
    """It would print distances that JSON cannot represent."""
    status, sentence = check_replay(tmp_path, (HEADER + ROW + "1,toe,163\n").encode(), "--do", "test", "--gain", gain)
    assert status == 2
    assert "a number from 0.1 to 10 is needed" in sentence


def encrypted(bundle: bytes) -> bytes:
    """The bundle with the encryption flag set on each of its files."""
    changed = bytearray(bundle)
    for signature, flags_at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = bundle.find(signature)
        while at >= 0:
            changed[at + flags_at] |= 1
            at = bundle.find(signature, at + 1)
    return bytes(changed)


def packed_by_unknown_method(bundle: bytes) -> bytes:
    at = bundle.rfind(b"PK\x01\x02")
    return bundle[: at + 10] + b"\x63" + bundle[at + 11 :]


@pytest.mark.parametrize("spoil", [encrypted, packed_by_unknown_method])
def test_bundle_that_cannot_be_unpacked_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    """The archive is readable, but its files are not."""
    status, sentence = check_replay(tmp_path, spoil(Damage(0).bundle()))
    assert status == 2
    assert "not a bundle, or it is damaged" in sentence


def test_bundle_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """A few kilobytes of zip may unpack to gigabytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1-hold.csv", bytes(MAX_TRACE_BYTES + 1))
    status, sentence = check_replay(tmp_path, content.getvalue())
    assert status == 2
    assert "more than 64 MB" in sentence


def test_trace_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """A file of gigabytes would fill the memory."""
    status, sentence = check_replay(tmp_path, b"\n" * (MAX_TRACE_BYTES + 1), "--do", "hold")
    assert status == 2
    assert "more than 64 MB" in sentence


def write_until_closed(path: Path, content: bytes, *, is_endless: bool) -> None:
    """Write into a named pipe: once, or until the reader closes it."""
    with contextlib.suppress(BrokenPipeError), path.open("wb") as pipe:
        pipe.write(content)
        while is_endless:
            pipe.write(bytes(1 << 20))


@pytest.mark.parametrize(("is_endless", "status", "words"), [(False, 0, ""), (True, 2, "more than 64 MB")])
def test_stream_is_read_once_and_up_to_the_limit(tmp_path: Path, is_endless: bool, status: int, words: str) -> None:
    """A named pipe written by another program."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = (HEADER + ROW).encode()
    writer = threading.Thread(target=write_until_closed, args=(pipe, content), kwargs={"is_endless": is_endless})
    writer.start()
    result = CliRunner().invoke(main, ["replay", str(pipe), "--do", "hold"])
    writer.join()
    assert result.exit_code == status
    assert words in result.stderr


def test_most_that_routines_ask_for_can_be_replayed(tmp_path: Path) -> None:
    """The largest dose of an exercise with two directions, and of a stiffer side with one hold more."""
    for do, field, most in (("reps", "count", 2 * MAX_DOSE["count"]), ("hold", "repetitions", 61)):
        text = f'# {{"do": "{do}", "{field}": {most}}}\n' + HEADER + ROW
        assert check_replay(tmp_path, text.encode()) == (0, "")
