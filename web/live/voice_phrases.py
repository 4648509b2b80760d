"""The recorded phrases of the live page: their list, and how to generate them.

python -m web.live.voice_phrases renders all of them with espeak-ng and lame (from apt-get)

Each phrase is a file in `static/speech`; `phrases.json` there lists their texts. Exercise names come from the
catalogue: after changing one, render again; a test checks that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from station.catalogue.read import exercises

FOLDER = Path(__file__).parents[1] / "static" / "speech"
LIST = "phrases.json"
SUFFIX = ".mp3"
"""A sound format that every browser plays."""
MAX_SPOKEN_NUMBER = 30
"""The largest number with a phrase."""
WORDS = ("left", "right", "both", "next", "rest", "other side", "heel down", "paused", "well done", "step on")
VOICE, WORDS_PER_MINUTE = "en-gb", 150
"""Slower than normal speech: people listen while they exercise."""
KBIT_S = 24
TOOLS = ("espeak-ng", "lame")


class SpeechError(Exception):
    """The phrases cannot be rendered. Its text is one sentence."""


def phrases() -> dict[str, str]:
    """The text of each phrase by its file name: numbers, a few words, and exercise names."""
    found = {str(number): str(number) for number in range(1, MAX_SPOKEN_NUMBER + 1)}
    found |= {words.replace(" ", "-"): words for words in WORDS}
    return found | {f"exercise-{key}": one.name.lower() for key, one in exercises().items()}


def render(spoken: Mapping[str, str], folder: Path) -> None:
    """Render each phrase to a file in `folder`, write their list, and remove obsolete phrases.

    Raises SpeechError.
    """
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise SpeechError(f"The phrases need {' and '.join(missing)}: type apt-get install {' '.join(missing)}.")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"*{SUFFIX}"):
        if old.stem not in spoken:
            old.unlink()
    with tempfile.TemporaryDirectory() as rough:
        wave = Path(rough) / "phrase.wav"
        for name, words in spoken.items():
            speed = str(WORDS_PER_MINUTE)
            _run("espeak-ng", "-v", VOICE, "-s", speed, "-z", "-w", str(wave), words)
            _run("lame", "--quiet", "-m", "m", "-b", str(KBIT_S), str(wave), str(folder / f"{name}{SUFFIX}"))
    (folder / LIST).write_text(json.dumps(spoken, indent=0) + "\n", encoding="utf-8")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()
        raise SpeechError(f"{command[0]} could not make {command[-1]!r}: {why[-1] if why else done.returncode}.")


def main() -> int:
    """Render all phrases into the page's own folder. Returns the exit status."""
    try:
        render(phrases(), FOLDER)
    except SpeechError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
