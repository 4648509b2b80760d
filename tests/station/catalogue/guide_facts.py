"""The founding guide's facts about each exercise, in its own order, as a second source to check the catalogue against.

The guide is "Exercises to improve Ankle Dorsiflexion", a physiotherapist's article with its readers' questions.
"""

from __future__ import annotations

FACTS = (
    # key, dose, side, heel, what the board can verify, where it helps: front, Achilles tendon, calf
    ("1a", "20 each way", "each", "free", "timer", "F A C"),
    ("2a", "1-3 min", "each", "free", "timer", "C"),
    ("2b", "1-3 min", "each", "free", "timer", "A"),
    ("2c", "10 strokes", "each", "free", "timer", "A"),
    ("3a", "30 s x 3", "each", "lowered", "hold", "C"),
    ("3b", "30 s x 3", "each", "down", "hold", "C"),
    ("3c", "60 s", "both", "down", "hold", "A"),
    ("4a", "30 s x 3", "each", "free", "timer", "F"),
    ("4b", "30 s", "each", "free", "timer", "F"),
    ("4c", "30 reps", "each", "down", "hold", "F"),
    ("5a", "10 s x 20", "each", "down", "hold", "F A C"),
    ("5b", "5 s x 30", "both", "down", "hold", "F A C"),
    ("7a", "30 reps", "each", "down", "hold", "F C"),
    ("7b", "20 reps", "both", "down", "hold", "F A C"),
    ("7c", "20 reps", "stance", "down", "hold", "F A C"),
    ("7d", "10 reps", "both", "moves", "cycle", "A C"),
    ("8", "20 reps", "each", "free", "timer", "C"),
    ("10a", "1-3 min", "each", "free", "timer", "gait"),
    ("10b", "30 s", "each", "free", "timer", "gait"),
    ("10c", "5 s x 20", "each", "down", "timer", "gait"),
)

ORDER = (
    ("warm-up", ("1a",)),
    ("release", ("2a", "2b", "2c", "10a")),
    ("stretch", ("3a", "3b", "3c", "10b")),
    ("mobilise", ("4a", "4b", "4c")),
    ("strengthen", ("5a", "5b", "7d", "10c")),
    ("functional", ("7a", "7b", "7c")),
    ("nerve", ("8",)),
)
"""The groups in the order of a full routine, with their exercises."""

CAUTIONS = (
    # condition, the exercises it excludes, those it reduces at least
    ("tendon_pain", {"2b", "3a", "3c"}, {"3b", "7d"}),
    ("insertional", {"3a", "3c"}, {"3b", "7a", "7d"}),
    ("cleared", {"3c", "4a"}, {"3a", "3b", "7d"}),
    ("neuro", {"3c", "7c", "8"}, {"7d"}),
    ("numb", {"2a", "2b", "10a"}, {"3a", "3b", "3c", "4c"}),
    ("balance", {"7c"}, {"3a", "3c", "5b", "7d", "8"}),
    ("pinch", set[str](), {"3c", "4c", "7a", "7b"}),
    ("arch_falls", set[str](), {"3a", "3b", "4c", "7a", "7b"}),
    ("toes_out", set[str](), {"3c", "7b"}),
)
"""The guide's cautions as restrictions; the station itself decides which exercises each of them concerns.

An inflamed tendon: no forced stretch, strength in a comfortable range. Pain at the heel bone: no end range. Reduced
feeling: nothing hard to press on. Poor balance: nothing on one leg. Pinch, falling arch, feet turned out: only as far
as the caution allows.
"""
