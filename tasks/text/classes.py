"""What each Unicode character is, as flat tables over code points that kernels index.

The tables are built from the interpreter's ``unicodedata`` on first use (about 0.1 s) and shared by every batch. A
class is a sum of the flags below; the tests hold them against ``str`` methods.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np

SPACE = 1 << 0  # str.isspace
ALPHA = 1 << 1  # str.isalpha
DIGIT = 1 << 2  # 0 to 9
LOWER = 1 << 3  # a letter that is not upper case; letters without case are both
UPPER = 1 << 4  # a letter that is not lower case
MARK = 1 << 5  # combining mark: never starts a word of its own in a script without spaces
SYMBOL = 1 << 6  # neither letter, mark nor number: a word of only these is no content word
PUNCT = 1 << 7  # category P*: what may follow the end of a sentence and still belong to it
ENDER = 1 << 8  # ends a sentence
EDGE = 1 << 9  # split off both ends of a word
QUOTE = 1 << 10
ICON = 1 << 11  # category So: split off wherever it stands
DENSE = 1 << 12  # letter, mark or number of a script written without spaces
CURRENCY = 1 << 13
INNER = 1 << 14  # may split a word that it stands in

# The property Sentence_Terminal of Unicode 16, plus the full stops of Ethiopic, Tibetan and half-width forms.
SENTENCE_ENDERS = """
21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736
17D4-17D6 17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D
2047-2049 2E2E 2E3C 2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1
ABEB FE52 FE56-FE57 FF01 FF0E FF1F FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143
111C5-111C6 111CD 111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642
1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38
16B44 16E98 1BC9F 1DA88"""

# Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Kana, Han, Javanese, Tai Viet and their extensions.
UNSPACED = """E00-EFF F00-FFF 1000-109F 1780-17FF 1950-19FF 1A20-1AAF 3005-3007 3040-30FF 31F0-31FF 3400-4DBF 4E00-9FFF
A980-A9FF AA60-AADF F900-FAFF FF66-FF9F 1AFF0-1B16F 20000-323AF"""

CODE_POINTS = 0x110000
FOLDED = 0x1F000  # no character above this has an upper or lower case
EDGES = set("§,:;!?()[]{}<>_#*&'\"`´·～।॥⟦⟧")
INNERS = set(".,-~+*^:<>=/…–—")


@dataclass(frozen=True)
class Tables:
    """``classes``: uint16 flags per code point. ``fold``: uint32 simple case folding of those below ``FOLDED``."""

    classes: np.ndarray
    fold: np.ndarray


@cache
def tables() -> Tables:
    """Return the tables, built once per process."""
    classes = np.zeros(CODE_POINTS, np.uint16)
    for start, stop in ((0, 0x323B0), (0xE0000, 0xE01F0)):
        classes[start:stop] = [_flags(chr(point)) for point in range(start, stop)]
    classes[0xF0000:] |= SYMBOL
    classes[points(SENTENCE_ENDERS)] |= ENDER
    unspaced = points(UNSPACED)
    classes[unspaced] |= np.where(classes[unspaced] & SYMBOL, 0, DENSE).astype(np.uint16)
    fold = np.array([_fold(chr(point)) for point in range(FOLDED)], np.uint32)
    return Tables(classes, fold)


def points(ranges: str) -> np.ndarray:
    """Return the code points in ``ranges``: hexadecimal numbers, or two with a hyphen for all from one to the other."""
    pairs = [[int(end, 16) for end in item.split("-")] for item in ranges.split()]
    return np.concatenate([np.arange(pair[0], pair[-1] + 1) for pair in pairs])


def _flags(character: str) -> int:
    category = unicodedata.category(character)
    return (
        (SPACE if character.isspace() else 0)
        | (DIGIT if "0" <= character <= "9" else 0)
        | _letter(category)
        | (MARK if category[0] == "M" else 0)
        | (SYMBOL if category[0] in "PSZC" else 0)
        | (PUNCT if category[0] == "P" else 0)
        | (ICON if category == "So" else 0)
        | (CURRENCY if category == "Sc" else 0)
        | _splits(character, category)
    )


def _letter(category: str) -> int:
    if category[0] != "L":
        return 0
    return ALPHA | (0 if category in ("Lu", "Lt") else LOWER) | (0 if category == "Ll" else UPPER)


def _splits(character: str, category: str) -> int:
    quote = category in ("Pi", "Pf") or character in "\"'`´„‚（）「」『』《》〈〉【】〔〕"
    edge = quote or character in EDGES or category in ("Ps", "Pe") or (category == "Po" and ord(character) > 127)
    inner = character in INNERS or category == "So"
    return (QUOTE if quote else 0) | (EDGE if edge else 0) | (INNER if inner else 0)


def _fold(character: str) -> int:
    folded = character.casefold()
    return ord(folded) if len(folded) == 1 else ord(character)
