"""The catalogue has every exercise of the guide with its dose, in short and clear texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from station.catalogue import read
from station.catalogue.read import CatalogueError, built_in_routines, exercise, exercises
from station.catalogue.records import Dose, Exercise, Group, Item, Restriction, Verification
from tests.station.catalogue.guide_facts import CAUTIONS, FACTS, ORDER

FILES = read.CATALOGUE_DIR / "exercises"
ROUTINES = read.CATALOGUE_DIR / "routines"
LETTERS = {"front": "F", "achilles": "A", "calf": "C"}
LONGEST_STEP = 90
LONGEST_TEXT = 150
"""Two lines on a phone can be read while standing; four cannot."""
STATED = ("purpose", "verifies", "easier", "harder")
VERBS = """
Ask Bend Change Circle Come Cross Draw Finish Fix Grip Hold Keep Lay Lean Leave Let Lie Lift Loop Lower Move Pause Place
Point Press Pull Push Put Raise Relax Rest Rise Rock Roll Say Set Sink Sit Slide Stand Stay Step Stop Straighten
Support Take Tap Turn Use Wait
"""
"""The verbs that a step may begin with."""


def words_of(dose: Dose) -> str:
    """A dose in the guide's notation."""
    if dose.count is not None:
        return f"{dose.count} each way" if dose.ways == 2 else f"{dose.count} reps"
    if dose.most_s is not None:
        return f"{(dose.hold_s or 0) // 60}-{dose.most_s // 60} min"
    return f"{dose.hold_s} s" + (f" x {dose.repetitions}" if dose.repetitions > 1 else "")


def places_of(one: Exercise) -> str:
    places = " ".join(LETTERS[place] for place in one.places)
    return f"{places} gait".strip() if one.is_for_gait else places


def facts_of(one: Exercise) -> tuple[str, ...]:
    return (one.key, words_of(one.dose), one.feet, one.heel, one.sense, places_of(one))


def texts_of(one: Exercise) -> Iterator[str]:
    """Every written or spoken text of an exercise."""
    yield from (one.name, one.anatomical_name or "", one.feel, *(getattr(one, field) for field in STATED))
    yield from chain(one.steps, one.mistakes, (caution.reason for caution in one.cautions))


def sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.:;!?])\s+", text) if sentence]


def repeated(texts: Iterator[str]) -> list[str]:
    return [text for text, times in Counter(text.lower() for text in texts).items() if times > 1]


def test_exercises_have_facts_of_guide() -> None:
    """None is missing or added, and dose, side, heel, sense and place agree."""
    guide = [(key, dose.replace("strokes", "reps"), *others) for key, dose, *others in FACTS]
    assert [facts_of(one) for one in exercises().values()] == guide


def test_rests_and_tempo_fit_dose() -> None:
    """Short holds have short rests; a sensed repetition has three parts and lowers slowly."""
    doses = {key: one.dose for key, one in exercises().items()}
    assert {key for key, dose in doses.items() if dose.rest_s == 3} == {"5a", "5b", "10c"}
    tempos = {key: dose.tempo_s for key, dose in doses.items() if dose.tempo_s}
    assert tempos == {"4c": (2, 1, 2), "7a": (2, 1, 2), "7b": (3, 1, 2), "7c": (2, 1, 2), "7d": (1, 1, 3)}
    assert all(
        doses[key].tempo_s for key, one in exercises().items() if one.dose.count and one.sense != Verification.TIMER
    )


def test_verified_exercises_are_on_board() -> None:
    """An exercise is on the board exactly if the board can verify it; only the seated one is light."""
    for one in exercises().values():
        assert one.on_board == (one.sense is not Verification.TIMER), one.key
        assert one.is_light == (one.key == "5a"), one.key


def test_verification_text_is_honest() -> None:
    """A hold counts time or repetitions with the heel down, a cycle counts returns, a timer verifies nothing."""
    for one in exercises().values():
        if one.sense is Verification.TIMER:
            assert re.match(r"The board feels nothing: .*(marked|marks it) as not verified\.$", one.verifies), one.key
        elif one.sense is Verification.HOLD:
            counted = "only such repetitions count" if one.dose.count is not None else "only that time counts"
            assert re.match(rf"The board feels that .*heel.* down.*: {counted}", one.verifies), one.key
        else:
            assert re.match(r"The board feels that both heels go up and come down.*counted", one.verifies), one.key


def test_groups_follow_guide() -> None:
    """Warm-up, release, stretch, mobilise, strengthen, functional, nerve."""
    assert [group for group, _ in ORDER] == list(Group)
    for group, keys in ORDER:
        assert tuple(key for key, one in exercises().items() if one.group == group) == keys


def test_preparation_time_fits_position() -> None:
    """Ten seconds to step on; 20 to 45 to sit, lie down or fetch equipment."""
    for one in exercises().values():
        away = not one.on_board or bool(one.equipment) or one.key == "7b"
        assert (20 <= one.prepare_s <= 45) if away else one.prepare_s == 10, one.key


def test_steps_are_short_single_actions() -> None:
    """Three to seven steps, each one short sentence that begins with a verb."""
    for one in exercises().values():
        assert 3 <= len(one.steps) <= 7, one.key
        for step in one.steps:
            assert len(step) <= LONGEST_STEP, step
            assert len(sentences(step)) == 1, step
            assert " and then " not in step, step
            assert step.split()[0] in VERBS.split(), step


def test_texts_have_right_length() -> None:
    """Two to four mistakes, one or two sentences for the feeling, none long."""
    for one in exercises().values():
        assert 2 <= len(one.mistakes) <= 4, one.key
        assert 1 <= len(re.findall(r"\.(?= |$)", one.feel)) <= 2, one.key
        for text in (*(getattr(one, field) for field in STATED), *(caution.reason for caution in one.cautions)):
            assert text.count(". ") == 0, text
        for text in texts_of(one):
            assert len(text) <= LONGEST_TEXT, text
            assert text == " ".join(text.split()), text


def test_sentences_are_unique() -> None:
    """No sentence appears twice."""
    texts = chain.from_iterable(texts_of(one) for one in exercises().values())
    assert not repeated(sentence for text in texts if text for sentence in re.split(r"(?<=\.)\s", text))


def test_names_are_short_and_unique() -> None:
    """At most three words, the first with a capital: they fit beside a number and into an announcement."""
    names = [one.name for one in exercises().values()]
    assert not repeated(iter(names))
    assert all(name == name.capitalize() and 1 <= len(name.split()) <= 3 and not name.endswith(".") for name in names)


def test_name_in_sentence_keeps_only_proper_names_capital() -> None:
    """Achilles is a name; calf is not."""
    assert exercises()["3c"].name_in_sentence == "Achilles stretch"
    assert exercises()["3a"].name_in_sentence == "calf stretch"


@pytest.mark.parametrize(("condition", "out", "gentler"), CAUTIONS)
def test_condition_restricts_right_exercises(condition: str, out: set[str], gentler: set[str]) -> None:
    """It excludes exactly what the guide's caution means, and reduces at least what follows from it."""
    restrictions = {
        key: caution.restriction
        for key, one in exercises().items()
        for caution in one.cautions
        if caution.condition == condition
    }
    assert {key for key, restriction in restrictions.items() if restriction is Restriction.EXCLUDED} == out
    assert gentler <= {key for key, restriction in restrictions.items() if restriction is Restriction.REDUCED}


def test_conditions_are_all_used_once_an_exercise() -> None:
    """Each restricts some exercise, and no exercise lists one twice."""
    named = [[caution.condition for caution in one.cautions] for one in exercises().values()]
    assert all(len(conditions) == len(set(conditions)) for conditions in named)
    assert set(chain.from_iterable(named)) == set(read.EXERCISE_CONDITIONS) == {condition for condition, *_ in CAUTIONS}


def test_exercise_refuses_unknown_key() -> None:
    """One sentence names the known exercises."""
    assert exercise("10c") is exercises()["10c"]
    with pytest.raises(CatalogueError, match=r"^There is no exercise '6a': choose one of 1a, 2a, .*10c\.$"):
        exercise("6a")


def test_calf_stretch_names_both_forms() -> None:
    """The guide lowers the heel over an edge; here it is the slope, and the edge is the harder form."""
    assert "slope" in (exercise("3a").anatomical_name or "")
    assert "edge of a stair" in exercise("3a").harder


def test_ready_routines_match_guide() -> None:
    """Quick calf, daily and full, and one with a test, all made of known exercises."""
    keys = {name: [item.exercise or item.test for item in one.items] for name, one in built_in_routines().items()}
    assert keys == {
        "quick_calf": ["3a", "3b"],
        "test_and_stretch": ["quick", "3a"],
        "daily": ["1a", "3a", "3b", "3c"],
        "full": [key for _, of_group in ORDER for key in of_group],
    }


def test_ready_routines_keep_doses() -> None:
    """Only the quick one has its own: one hold of a minute is quicker than two or three shorter ones."""
    changed = {
        name: [item for item in one.items if item not in (Item(exercise=item.exercise), Item(test=item.test))]
        for name, one in built_in_routines().items()
    }
    quick = [Item(exercise=key, hold_s=60, repetitions=1) for key in ("3a", "3b")]
    assert {name: items for name, items in changed.items() if items} == {"quick_calf": quick}


def test_ready_routines_follow_group_order() -> None:
    """No routine returns to an earlier group, and each is described in one sentence."""
    groups = list(Group)
    for one in built_in_routines().values():
        order = [groups.index(exercises()[item.exercise].group) for item in one.items if item.exercise]
        assert order == sorted(order), one.key
        assert len(sentences(one.about)) == 1, one.key


CHANGES = [
    ('key = "3a"', 'key = "3b"', "3a.toml: key is '3b', but must be '3a'"),
    ('name = "', 'colour = "red"\nname = "', "3a.toml: .*unknown field `colour`; the fields are key, name, purpose"),
    ('name = "Calf stretch"\n', "", "3a.toml: .*missing required field `name`"),
    ('feet = "each"', 'feet = "every"', "3a.toml: feet: .*'every'; it may be each, both, stance"),
    ('places = ["calf"]', 'places = ["shin"]', r"3a.toml: places\[0\]: .*'shin'; it may be front, achilles, calf"),
    ('places = ["calf"]', 'places = ["nowhere"]', "3a.toml: places has nowhere"),
    ('board = "slope"', 'board = "steep"', "3a.toml: board: .*'steep'; it may be flat, slope, turned"),
    ('board = "slope"\n', "", "3a.toml: board is missing"),
    ("hold_s = 30", 'hold_s = "30"', "3a.toml: dose.hold_s: Expected `int | null`, got `str`"),
    ("hold_s = 30", "hold_s = 30\nsets = 3", "3a.toml: dose: .*`sets`; the fields are hold_s, most_s, rep"),
    ("hold_s = 30", "hold_s = 30\ncount = 3", "3a.toml: dose must have exactly one of hold_s and count"),
    ("hold_s = 30", "", "3a.toml: dose must have exactly one of hold_s and count"),
    ("hold_s = 30", "hold_s = 0", "3a.toml: dose.hold_s is 0, but must be 1 or more"),
    ("hold_s = 30", "hold_s = 30\nrest_s = -1", "3a.toml: dose.rest_s is -1, but must be 0 or more"),
    ("hold_s = 30", "hold_s = 30\nmost_s = 20", "3a.toml: dose.most_s is 20, but must be longer than hold_s"),
    ("hold_s = 30", "hold_s = 30\nways = 2", "3a.toml: dose.ways is 2, but must be 1, or 2 with a count"),
    ("hold_s = 30", "hold_s = 30\ntempo_s = [1, 1]", "3a.toml: dose.tempo_s must be seconds of 1 or more, with a"),
    ("[dose]", "prepare_s = -5\n[dose]", "3a.toml: prepare_s is -5, but must be 0 or more"),
    ('"tendon_pain"', '"headache"', "3a.toml: cautions.condition is 'headache', but must be one of tendon_pain, ins"),
    ('"left out"', '"forbidden"', r"3a.toml: cautions\[0\].restriction: .*'forbidden'; it may be left out, gentler"),
    ("lean in less.", "lean in less", "3a.toml: easier has .*, which must end with a full stop"),
    ("hands on the wall.", "hands on the wall", "3a.toml: steps has .*, which must end with a full stop"),
    (
        "stretched to its end.",
        "stretched to its end",
        "3a.toml: cautions.reason has .*, which must end with a full stop",
    ),
    ("[dose]", "[dose", "3a.toml is not valid TOML: "),
]


@pytest.mark.parametrize(("old", "new", "message"), CHANGES)
def test_invalid_file_is_refused_by_name_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    """One sentence has the file, the field, what is wrong and what is allowed."""
    text = (FILES / "3a.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "3a.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"^{message}.*\.$"):
        read.read_exercises(tmp_path)


def test_read_exercises_sorts_by_number(tmp_path: Path) -> None:
    """2a comes before 10a, in any directory; other files are ignored."""
    for key in ("10a", "8", "2a"):
        (tmp_path / f"{key}.toml").write_bytes((FILES / f"{key}.toml").read_bytes())
    (tmp_path / "notes.txt").write_text("not an exercise", encoding="utf-8")
    assert list(read.read_exercises(tmp_path)) == ["2a", "8", "10a"]


ITEMS = [
    ('exercise = "9"', "mine.toml: items.exercise is '9', but must be one of 1a, 2a"),
    ('exercise = "3a"\ntest = "quick"', "mine.toml: items: each must have exactly one of exercise, test and rest_s"),
    ("hold_s = 30", "mine.toml: items: each must have exactly one of exercise, test and rest_s"),
    ('test = "long"', "mine.toml: items.test is 'long', but must be quick or full"),
    ('test = "full"\nhold_s = 30', "mine.toml: items: hold_s, repetitions and count belong to an exercise"),
    ('exercise = "3a"\ncount = 5', "mine.toml: items.count is 5, but 3a is dosed by hold_s"),
    ('exercise = "7d"\nhold_s = 5', "mine.toml: items.hold_s is 5, but 7d is dosed by count"),
    ('exercise = "3a"\nrepetitions = 0', "mine.toml: items.repetitions is 0, but must be from 1 to 60"),
    ('exercise = "3c"\nside = "left"', "mine.toml: items.side is left, but 3c is done with both legs at once"),
    ('exercise = "3a"\nside = "middle"', r"mine.toml: items\[0\].side: .*'middle'; it may be left, right"),
    ("rest = 5", r"mine.toml: items\[0\]: .*`rest`; the fields are exercise, test, rest_s"),
]


@pytest.mark.parametrize(("item", "message"), ITEMS)
def test_impossible_item_is_refused(tmp_path: Path, item: str, message: str) -> None:
    """No exercise, no test, too much at once, or a dose of the other kind: the sentence names the field."""
    text = f'key = "mine"\nname = "Mine"\nabout = "Mine alone."\n[[items]]\n{item}\n'
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"^{message}.*\.$"):
        read.read_routines(tmp_path, exercises())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('about = "Mine alone."\nitems = []', "mine.toml: items is empty; a routine has one or more"),
        ('about = "Mine"\n[[items]]\nrest_s = 30', "mine.toml: about is 'Mine', which must end with a full stop"),
    ],
)
def test_incomplete_routine_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """A routine needs items and a sentence about it."""
    (tmp_path / "mine.toml").write_text(f'key = "mine"\nname = "Mine"\n{text}\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"^{message}.*\.$"):
        read.read_routines(tmp_path, exercises())


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A folder named like an exercise, a file in another encoding and an empty directory."""
    with pytest.raises(CatalogueError, match=r"has no TOML files: .* reinstall the station\.$"):
        read.read_exercises(tmp_path)
    (tmp_path / "3a.toml").write_bytes("key = 'é'".encode("latin-1"))
    with pytest.raises(CatalogueError, match=r"^3a.toml is not valid TOML: .*\.$"):
        read.read_exercises(tmp_path)
    (tmp_path / "2a.toml").mkdir()
    with pytest.raises(CatalogueError, match=r"2a.toml cannot be read: .*\.$"):
        read.read_exercises(tmp_path)


def test_catalogue_has_no_stray_files() -> None:
    """Every file of the two directories is read."""
    assert {file.name for file in FILES.iterdir()} == {f"{key}.toml" for key in exercises()}
    assert {file.name for file in ROUTINES.iterdir()} == {f"{key}.toml" for key in built_in_routines()}
