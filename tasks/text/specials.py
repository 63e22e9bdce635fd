"""English words that the general rules would cut wrongly: contractions, abbreviations, times and a few faces.

Each is matched as written (case matters) and gives the byte lengths of its pieces.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int
from tasks.text.hashing import START, absorb, decode, finish, slots

LONGEST = 16  # bytes of the longest special word
_ONE, _TOP = np.uint64(1), np.uint64(58)  # the upper six bits of a hash name a bit of a gate

NEGATED = "ca could do does did had may might must need ought sha should wo would ai are is was were have has dare"
PEOPLE = "i you he she it we they who what when where why how there that this these those"
MODALS = "could might must should would"
SPLIT = "can|not gon|na got|ta let|'s y'|all c'm|on not|'ve i|'m|a"
WHOLE = """
and/or w/o 'cause 'cos 'coz 'cuz 'bout ma'am o'clock lovin' havin' doin' goin' nothin' nuthin' ol' somethin' 'em 'll
'nuff 're 'd 's 'S '' ' C++ <space> a.m. p.m. e.g. E.g. E.G. i.e. I.e. I.E. vs. v.s. co. Adm. Bros. Co. Corp. D.C. Dr.
Gen. Gov. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. Ph.D. Prof. Rep. Rev. Sen. St. Mt. Ak. Ala. Apr. Ariz. Ark.
Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. Kan. Kans. Ky. La. Mar. Mass. Mich.
Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash.
Wis. ä. ö. ü. :) :-) ;) ;-) :( :-( :D :-D :P :-P :/ :-/ =) =( <3 </3 :o :O ^_^ -_- o_O \\n \\t"""
UNITS = """
km km² km³ m m² m³ dm cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb
KB gb GB tb TB T G M K % км м см мм кг г мг"""


def pieces() -> dict[str, tuple[int, ...]]:
    """Return each special word with the lengths of its pieces in bytes.

    >>> pieces()["can't"], pieces()["Mr."]
    ((2, 3), (3,))
    """
    split = [f"{verb}|n't" for verb in NEGATED.split()] + [f"{verb}|n't|'ve" for verb in NEGATED.split()]
    split += [
        f"{who}|{end}" for who in PEOPLE.split() for end in ("'ll", "'ll|'ve", "'d", "'d|'ve", "'ve", "'re", "'s", "'m")
    ]
    split += [f"{verb}|'ve" for verb in MODALS.split()] + SPLIT.split()
    split += [word[0].upper() + word[1:] for word in split]
    split += [f"{hour}|{half}" for hour in range(1, 13) for half in ("am", "pm", "a.m.", "p.m.")]
    split += WHOLE.split() + [f"{letter}." for letter in "abcdefghijklmnopqrstuvwxyz"]
    split += [word.replace("'", "’") for word in split if "'" in word]
    return {word.replace("|", ""): tuple(len(piece.encode()) for piece in word.split("|")) for word in split}


@cache
def specials() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (keys uint64, cuts uint8 (n, 3), gate uint16): an open-addressing table from a word's hash to its piece
    lengths.

    The gate answers most questions without a hash: bit ``length - 1`` of item ``(first byte, last byte)``, 7 bits of
    each.
    """
    return table_of(pieces())


@cache
def units() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same kind of table for the units of measure that are split off a number ("10km")."""
    return table_of({unit: (len(unit.encode()),) for unit in UNITS.split()})


def table_of(words: dict[str, tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (keys, cuts, gate) for words with the lengths of their pieces in bytes: see ``specials``."""
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)])
    cuts = np.array([(*lengths, 0, 0)[:3] for lengths in words.values()], np.uint8)
    gate = np.zeros(1 << 14, np.uint16)
    for word in encoded:
        gate[(word[0] & 127) << 7 | (word[-1] & 127)] |= 1 << (len(word) - 1)
    return *_fill(np.frombuffer(b"".join(encoded), np.uint8), offsets, cuts), gate


@njit(nogil=True, cache=True)
def hash_exact(data: Array, start: Int, stop: Int) -> np.uint64:
    """Return the hash of a word as written: uint64."""
    state = START
    while start < stop:
        point, width = decode(data, start, stop)
        state = absorb(state, np.uint64(point))
        start += width
    return finish(state)


@njit(nogil=True, cache=True)
def _fill(data: Array, offsets: Array, cuts: Array) -> Any:
    size = slots(len(cuts))
    keys = np.zeros(size, np.uint64)
    values = np.zeros((size, 3), np.uint8)
    for word in range(len(cuts)):
        key = hash_exact(data, offsets[word], offsets[word + 1])
        slot = np.int64(key & np.uint64(size - 1))
        while keys[slot] != 0:
            slot = (slot + 1) & (size - 1)
        keys[slot] = key
        values[slot] = cuts[word]
    return keys, values


@njit(nogil=True, cache=True)
def find(keys: Array, mask: Int, key: np.uint64) -> Int:
    """Return the slot of ``key`` in a table of ``mask + 1`` keys, or -1."""
    slot = np.int64(key) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return slot
        slot = (slot + 1) & mask
    return -1


@njit(nogil=True, cache=True)
def gate_of(keys: Array) -> np.uint64:
    """Return a gate of 64 bits for a small table of hashes, 0 where a slot is free: see ``passes``."""
    gate = np.uint64(0)
    for key in keys:
        gate |= _ONE << (key >> _TOP) if key else np.uint64(0)
    return gate


@njit(nogil=True, cache=True, inline="always")
def passes(gate: np.uint64, key: np.uint64) -> bool:
    """Say whether ``key`` may be in the table that the gate belongs to: mostly no."""
    return (gate >> (key >> _TOP)) & _ONE != 0


@njit(nogil=True, cache=True)
def candidate(data: Array, start: Int, stop: Int, gate: Array) -> bool:
    """Say whether ``data[start:stop]`` may be in the table that ``gate`` belongs to: mostly a quick no."""
    size = stop - start
    if size > LONGEST or size <= 0:
        return False
    lengths = np.int64(gate[(np.int64(data[start]) & 127) << 7 | (np.int64(data[stop - 1]) & 127)])
    return (lengths >> (size - 1)) & 1 != 0
