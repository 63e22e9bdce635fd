"""Where spaCy's English tokenizer cuts otherwise than the text engine, as tables that its kernels take.

The engine splits off every bracket, quote and currency sign of Unicode, and knows contractions by their apostrophe.
spaCy (Honnibal et al., MIT) goes by lists, which end before some pictures of later versions of Unicode.
"""

from functools import cache

import numpy as np

from tasks.text.classes import CURRENCY, EDGE, ICON, points, tables
from tasks.text.specials import UNITS, table_of

EDGES = "A1 B4 B7 BF 60C 61B 61F 66A 6D4 964 2018 201A 27E6-27E7 3008-3009 300E-300F 3014-3015"
CURRENCIES = "A3 A5 E3F 20A0-20BF FDFC"
LATER_ICONS = """
166D 2B97 2BC9 2BFF 2E50-2E51 32FF FD40-FD4F FDCF FDFE-FDFF 1019C 1D1E9-1D1EA 1E14F 1ED2E 1F10D-1F10F 1F16C-1F16F
1F1AD 1F6D5-1F6D7 1F6DD-1F6DF 1F6FA-1F6FC 1F7E0-1F7EB 1F7F0 1F8B0-1F8B1 1F90C-1F90F 1F93F 1F971-1F972 1F977-1F979
1F97B 1F9A3-1F9AF 1F9BA-1F9BF 1F9C3-1F9CF 1FA00-1FA53 1FA70-1FA74 1FA78-1FA7C 1FA80-1FA86 1FA90-1FAAC 1FAB0-1FABA
1FAC0-1FAC5 1FAD0-1FAD9 1FAE0-1FAE7 1FAF0-1FAF6
"""
MORE_UNITS = """
dm² dm³ км² км³ м² м³ дм дм² дм³ см² см³ мм² мм³ нм м/с км/ч кпа па мбар кб мб гб тб
كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب اكواب
"""
# Contractions that people spell without an apostrophe: who, and what follows.
BARE = """
i you he she it we they who what when where why how there that this these those: ll ll|ve d d|ve
i: m m|a
i you we they who what when where why how there these those: ve
you we they who what when where why how there these those: re
he she it who what when where why how there that this: s
ca could do does did had may might must need ought sha should wo would: nt nt|ve
could might must should would not: ve
ai are is was were have has dare: nt
y: all
"""
OTHER_WORDS = "ill its hell shell shed were well whore"


@cache
def classes() -> np.ndarray:
    """Return the classes of characters (``tasks.text.classes``) with spaCy's edges, currencies and pictures."""
    found = tables().classes.copy()
    beyond = np.arange(len(found)) > 127
    for flag, kept in ((EDGE, EDGES), (CURRENCY, CURRENCIES)):
        gone = beyond & (found & flag != 0)
        gone[points(kept)] = False
        found[gone] &= ~np.uint16(flag)
    found[points(LATER_ICONS)] &= ~np.uint16(ICON)
    found[ord("§")] |= CURRENCY  # a prefix and no suffix
    return found


@cache
def measures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the table of the units of measure that are split off a number, as ``specials.units`` has its own."""
    return table_of({unit: (len(unit.encode()),) for unit in (UNITS + MORE_UNITS).split()})


@cache
def contractions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the table of the contractions without an apostrophe, as ``specials`` has its own."""
    return table_of(bare())


def bare() -> dict[str, tuple[int, ...]]:
    """Return each contraction without an apostrophe with the lengths of its pieces.

    >>> bare()["dont"], bare()["youllve"]
    ((2, 2), (3, 2, 2))
    """
    lines = [line.partition(": ") for line in BARE.strip().splitlines()]
    split = [f"{who}|{end}" for left, _, right in lines for who in left.split() for end in right.split()]
    found = {word.replace("|", ""): tuple(map(len, word.split("|"))) for word in split}
    return {word: lengths for word, lengths in found.items() if word not in OTHER_WORDS.split()}
