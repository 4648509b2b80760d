"""What no set of sentences about progress may do: contradict itself, claim too much, or talk like a statistician."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MAX_WORDS = 25
JARGON = re.compile(
    r"\b(SD|SEM|MDC\d*|censored|significant|confidence|probability|posterior|null|outcome|p-value|variance|baseline|"
    r"estimator|slope|residual|None|nan|inf|worthwhile)\b"
)
EXCLUSIVE = (
    ("may still be chance", r"[Cc]hance that .*: (9[5-9]) %"),
    ("may still be chance", r"a real (gain|loss)"),
    ("No certain change|no certain change", r"[Cc]hance that|95 %|[Aa] real (gain|loss)"),
    (r"\bis likely, but not certain", r"[Cc]hance that|a real (gain|loss)|may still be chance"),
    ("[Ss]teady since", r"In the last four weeks|may still be chance"),
    ("and has come back", r"[Aa] real (gain|loss) of|[Cc]hance that"),
    ("not certain", r"[Cc]hance that"),
    (
        "does not reach the wall|did not reach the wall",
        r"[Ss]teady|95 %|\u00b1|So far|In the last four weeks|Your goal|[Cc]hance",
    ),
    ("have reached your goal", r"No date for your goal"),
    ("too few", r"[Aa] real (gain|loss)|95 %|[Ss]teady"),
    ("starting point", r"[Aa] real (gain|loss)|95 %|[Ss]teady"),
    (r"[Aa] real gain", r"[Aa] real loss"),
)
"""Sentences about one side that contradict each other."""
OPPOSITE = re.compile(
    r"real gain since about ([^,]*), its amount.* on \1: [^(]*\(95 %: [-\u2212][^)]* to [-\u2212]"
    r"|real loss since about ([^,]*), its amount.* on \2: [^(]*\(95 %: \+[^)]* to \+"
)
"""A change since a day beside the opposite one since the same day."""
ZERO_AMOUNT = re.compile(
    r"(about|of|by|more|less|further) [+\u2212-]?0(\.0)? (cm|mm|in)\b|[+\u2212-]0(\.0)? (cm|mm|in)\b"
)
"""An amount of nothing. A bound of an interval may be 0.0, without a sign."""


def words_in(sentence: str) -> int:
    """The words of a sentence; a date counts as one, and a clause after a semicolon as another sentence."""
    dated = re.sub(r"\b[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}\b", "date", sentence)
    return max(len(part.split()) for part in re.split(r"[;:]|(?<=[.!?]) ", dated))


def faults_of_sentence(sentence: str) -> Iterator[str]:
    """What is wrong with a single sentence."""
    if not sentence or (not sentence[0].isupper() and not sentence[0].isdigit()):
        yield "does not begin like a sentence"
    if not sentence.endswith("."):
        yield "does not end like a sentence"
    if words_in(sentence) > MAX_WORDS:
        yield f"has {words_in(sentence)} words"
    if found := JARGON.search(sentence):
        yield f"says {found[0]}"
    if found := ZERO_AMOUNT.search(re.sub(r"\(95 %:[^)]*\)", "", sentence)):
        yield f"claims an amount of nothing: {found[0]}"


def faults_of_side(sentences: Sequence[str]) -> list[str]:
    """What is wrong with the sentences that a person reads about one side."""
    text = " ".join(sentences)
    faults = [f"{fault}: {one}" for one in sentences for fault in faults_of_sentence(one)]
    faults += [
        f"both {one!r} and {other!r}" for one, other in EXCLUSIVE if re.search(one, text) and re.search(other, text)
    ]
    if OPPOSITE.search(text):
        faults.append("a real change, and the opposite one since the same day")
    if len(set(sentences)) < len(sentences):
        faults.append("says a sentence twice")
    return faults


def faults_of_page(summary: str, left: Sequence[str], right: Sequence[str], difference: str) -> list[str]:
    """What is wrong with everything that a person reads about both sides."""
    faults = [f"left: {one}" for one in faults_of_side(left)] + [f"right: {one}" for one in faults_of_side(right)]
    faults += [f"{fault}: {one}" for one in (summary, difference) for fault in faults_of_sentence(one)]
    if "Both ankles together" in summary and re.search(r"[Aa] real|[Ss]teady", f"{left[0]} {right[0]}"):
        faults.append("both ankles together change, and one of them alone does or stays")
    if "Both ankles together" not in summary:
        faults += [
            f"the summary lacks what the {side} says first: {finding}"
            for side, finding in (("left", _finding(left[0])), ("right", _finding(right[0])))
            if finding.lower() not in summary.lower()
            and "on both sides" not in summary
            and "starting point" not in summary
        ]
    if (
        re.search("on both sides|^Both", summary)
        and _finding(left[0]).lower() != _finding(right[0]).lower()
        and re.search("reach(ed)? the wall", left[0] + right[0])
    ):
        faults.append("the summary says of both sides what one that is below range cannot show")
    if "further" in difference and "No clear difference" in difference:
        faults.append("a difference that is clear and is not")
    return faults


def _finding(first: str) -> str:
    """The finding of a side's first sentence, without the date of an old one."""
    return re.sub(r"^At the last test, on [^:]*: ", "", first).split(": the first test")[0].rstrip(".")
