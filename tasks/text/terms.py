"""Many terms looked for at once: the automaton of Aho and Corasick over the bytes of a batch.

Terms and texts are compared in lower case (each character's single-character case folding, where it takes as many
bytes) and composed form (NFC). The automaton is complete: one look-up per byte, whatever the number of terms. A table
of 10,000 terms does not fit a processor's cache, and most places of a text begin no term: a place is looked up in two
small bit sets first, of the first bytes of the longer and of the shorter terms, and the automaton walks from those only
that pass, until no more than three bytes of a term are left open.

Source: Aho and Corasick 1975, doi:10.1145/360825.360855; the filter by first bytes is Gristmill's.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from schemas.errors import UnitError
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ALPHA, DENSE, MARK, SYMBOL, tables
from tasks.text.folding import fold, fold_bytes, uncomposed
from tasks.text.hashing import decode, decode_before

_DENSE_START, _DENSE_STOP = 1, 2
_MOST_CELLS = 2**29
_ROOM = 1024
_REACH, _OPEN = 6, 4  # bytes of a long term that are looked at first; fewest of an open one that the walk goes on for
_LONG, _SHORT = 18, 16  # bits of a key in the sets
_FACTOR, _ONE = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)


class Terms(NamedTuple):
    """An automaton, made by ``automaton``.

    ``classes``: uint8 (256), the column of each byte. ``steps``: int32, where a column leads from each state's row,
    times two, plus one if terms end there. ``ends``: int32, the longest term that ends in a state, or -1; ``links``:
    int32, the state of the next one; ``depths``: int32, bytes read by a state. ``shallow``: the first row of a state of
    ``_OPEN`` bytes. ``firsts``: uint64, bit sets of the first six, three and two bytes of terms.
    ``characters``: int32 and ``edges``: uint8, of each term.
    """

    names: tuple[str, ...]
    classes: np.ndarray
    width: int
    steps: np.ndarray
    ends: np.ndarray
    links: np.ndarray
    depths: np.ndarray
    shallow: int
    firsts: tuple[np.ndarray, np.ndarray, np.ndarray]
    characters: np.ndarray
    edges: np.ndarray


class Found(NamedTuple):
    """Places of terms, by document and where they end: int64, bytes into the batch's data, and an index into names."""

    document: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    term: np.ndarray


def automaton(terms: Iterable[str]) -> Terms:
    """Build the automaton of ``terms``; those that are equal when folded are one, empty ones are none.

    Raises UnitError when the terms are too many to be held (about four million characters).
    """
    names = tuple(sorted({fold(term) for term in terms} - {""}))
    encoded = [name.encode() for name in names]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    # The commonest bytes come first, so that most look-ups of a row meet in one line of the cache.
    frequency = np.bincount(data, minlength=256)
    used = np.argsort(-frequency, kind="stable")[: np.count_nonzero(frequency)]
    classes = np.zeros(256, np.uint8)
    classes[used] = np.arange(1, len(used) + 1)
    width = len(used) + 1
    if (len(data) + 1) * width > _MOST_CELLS:
        raise UnitError(f"{len(names):,} terms of {len(data):,} bytes are too many to look for at once")
    steps, ends, links, depths = _build(data, offsets, classes, width)
    shallow = width * int(np.searchsorted(depths, _OPEN))
    firsts = _first_bytes(data, offsets)
    sizes = np.array([len(name) for name in names], np.int32)
    return Terms(names, classes, width, steps, ends, links, depths, shallow, firsts, sizes, _edges(names))


def _edges(names: tuple[str, ...]) -> np.ndarray:
    kinds = tables().classes
    dense = [(bool(kinds[ord(name[0])] & DENSE), bool(kinds[ord(name[-1])] & DENSE)) for name in names]
    return np.array([_DENSE_START * first | _DENSE_STOP * last for first, last in dense], np.uint8)


@njit(nogil=True, cache=True)
def _first_bytes(data: Array, offsets: Array) -> Any:
    """Return bit sets of the first bytes of terms: six of those that have them, else three, else two.

    A set of the first two bytes holds every pair, so that a term of one byte takes all that begin with it. A set that
    holds nothing has no bits.
    """
    sets = (np.zeros(1 << (_LONG - 6), np.uint64), np.zeros(1 << (_SHORT - 6), np.uint64), np.zeros(1 << 10, np.uint64))
    sizes = np.zeros(3, np.int64)
    for term in range(len(offsets) - 1):
        length = offsets[term + 1] - offsets[term]
        tier = 0 if length >= _REACH else 1 if length >= 3 else 2
        key = np.uint64(0)
        for k in range(min(length, _REACH if tier == 0 else 3)):
            key |= np.uint64(data[offsets[term] + k]) << np.uint64(8 * k)
        sizes[tier] += 1
        if tier == 0:
            _set_bit(sets[0], _slot(key, _LONG))
        elif tier == 1:
            _set_bit(sets[1], _slot(key, _SHORT))
        else:
            for other in range(256 if length == 1 else 1):
                _set_bit(sets[2], key | np.uint64(other) << np.uint64(8))
    return sets[0], sets[1][: len(sets[1]) * min(sizes[1], 1)], sets[2][: len(sets[2]) * min(sizes[2], 1)]


@njit(nogil=True, cache=True)
def _set_bit(bits: Array, slot: np.uint64) -> None:
    bits[slot >> np.uint64(6)] |= _ONE << (slot & np.uint64(63))


@njit(nogil=True, cache=True, inline="always")
def _slot(key: np.uint64, bits: Int) -> np.uint64:
    return (key * _FACTOR) >> np.uint64(64 - bits)


@njit(nogil=True, cache=True)
def _build(data: Array, offsets: Array, classes: Array, width: Int) -> Any:
    rows = np.full((len(data) + 1, width), -1, np.int32)
    last = np.full(len(data) + 1, -1, np.int32)
    count = 1
    for term in range(len(offsets) - 1):
        state = 0
        for place in range(offsets[term], offsets[term + 1]):
            column = classes[data[place]]
            if rows[state, column] < 0:
                rows[state, column] = count
                count += 1
            state = rows[state, column]
        last[state] = term
    # Breadth first: a state's number is its turn, and what it falls back to comes before it.
    order = np.zeros(count, np.int32)
    fall, ends, links = np.zeros(count, np.int32), np.full(count, -1, np.int32), np.zeros(count, np.int32)
    steps, depths = np.zeros((count, width), np.int32), np.zeros(count, np.int32)
    seen = 1
    for turn in range(count):
        state, back = order[turn], fall[turn]
        ends[turn] = last[state] if last[state] >= 0 else ends[back] if turn else -1
        links[turn] = back if ends[back] >= 0 and last[state] >= 0 else links[back]
        for column in range(width):
            child = rows[state, column]
            if child < 0:
                steps[turn, column] = steps[back, column] if turn else 0
                continue
            order[seen], depths[seen] = child, depths[turn] + 1
            fall[seen] = steps[back, column] if turn else 0
            steps[turn, column] = seen
            seen += 1
    for turn in range(count):
        for column in range(width):
            target = steps[turn, column]
            steps[turn, column] = 2 * target * width + (ends[target] >= 0)
    return steps.ravel(), ends, links, depths


def count_terms(
    batch: TextBatch, terms: Terms, *, whole_words: bool = False, longest: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Count the terms in every document: (distinct, all occurrences), int64 (n,) each.

    ``whole_words``: what stands before and after a term is no letter, mark, number or ``_``; at an end of the term that
    is written in a script without spaces anything may stand. ``longest``: an occurrence inside another does not count.
    """
    if not terms.names:
        return np.zeros(len(batch), np.int64), np.zeros(len(batch), np.int64)
    modes = (whole_words, longest, False)
    distinct, total, _ = _run(batch, terms, modes)
    marked, part = uncomposed(batch)
    if part is not None:
        distinct[marked], total[marked], _ = _run(part, terms, modes)
    return distinct, total


def find_terms(batch: TextBatch, terms: Terms, *, whole_words: bool = False, longest: bool = False) -> Found:
    """Find the terms in every document as ``count_terms`` counts them, in texts as they are: composed or not."""
    _, _, found = _run(batch, terms, (whole_words, longest, True))
    return Found(*np.ascontiguousarray(found.T))


def _run(batch: TextBatch, terms: Terms, modes: tuple[bool, bool, bool]) -> Any:
    walk = (terms.classes, terms.width, terms.steps, terms.ends, terms.links, terms.depths, terms.shallow)
    facts = (terms.firsts, terms.characters, terms.edges, tables().classes)
    given: tuple[Any, ...] = (fold_bytes(batch), batch.offsets, *walk, *facts, *modes)
    return _scan(*given)


@njit(nogil=True, cache=True)
def _scan(
    data: Array,
    offsets: Array,
    columns: Array,
    width: Int,
    steps: Array,
    ends: Array,
    links: Array,
    depths: Array,
    shallow: Int,
    firsts: tuple[Array, Array, Array],
    characters: Array,
    edges: Array,
    kinds: Array,
    whole_words: bool,
    longest: bool,
    keep: bool,
) -> Any:
    counts = np.zeros((2, len(offsets) - 1), np.int64)
    stamps = np.full(max(len(characters), 1), -1, np.int64)
    found, kept, document = np.empty((_ROOM, 4), np.int64), np.int64(0), 0
    texts, sets, kinds = borrow(data), (borrow(firsts[0]), borrow(firsts[1]), borrow(firsts[2])), borrow(kinds)
    tiers = (len(firsts[1]) > 0, len(firsts[2]) > 0)
    walk, facts = (borrow(columns), borrow(steps), borrow(depths)), (borrow(characters), borrow(edges))
    while document < len(offsets) - 1:
        # An array that grew inside a loop would cost the loop a count of references per byte: it grows out here.
        limits, modes = (offsets[document], offsets[document + 1]), (whole_words, longest, keep)
        held = _scan_document(
            texts, document, limits, walk, width, shallow, sets, tiers, borrow(ends), borrow(links), facts, kinds,
            modes, borrow(stamps), borrow(counts[0]), borrow(counts[1]), borrow(found.ravel()), kept, len(found),
        )  # fmt: skip
        if held < 0:
            found = np.concatenate((found, np.empty_like(found)))
            continue
        for i in range(kept, held):
            _tally(document, found[i, 3], stamps, counts[0], counts[1])
        kept = held if keep else kept
        document += 1
    return counts[0], counts[1], found[:kept].copy()


@njit(nogil=True, cache=True)
def _scan_document(
    text: Array,
    document: Int,
    limits: tuple[Int, Int],
    walk: tuple[Array, Array, Array],
    width: Int,
    shallow: Int,
    sets: tuple[Array, Array, Array],
    tiers: tuple[bool, bool],
    ends: Array,
    links: Array,
    facts: tuple[Array, Array],
    kinds: Array,
    modes: tuple[bool, bool, bool],
    stamps: Array,
    distinct: Array,
    total: Array,
    found: Array,
    held: Int,
    room: Int,
) -> Int:
    """Count the terms of one document or, for some modes, write down their places; return how many there are.

    Returns -1 when there is no room for another place.
    """
    columns, rows, depths = walk
    kept = held
    place, stop = limits
    done, key = place, _key(text, place)
    while place < stop:
        if not _begins(key, sets, tiers):
            key = (key >> np.uint64(8)) | np.uint64(text[place + _REACH]) << np.uint64(8 * (_REACH - 1))
            place += 1
            continue
        reader, state = place, np.int64(0)
        while reader < stop:
            state = np.int64(rows[(state >> 1) + columns[text[reader]]])
            reader += 1
            if state & 1 and reader > done:
                held = _report(
                    text, document, reader, limits, (state >> 1) // width, ends, links, facts, kinds, modes, stamps,
                    distinct, total, found, kept, held, room,
                )  # fmt: skip
                if held < 0:
                    return held
            if state >> 1 < shallow and reader - place >= _OPEN:
                break
        done = max(done, reader)
        place = stop if reader == stop else max(place + 1, reader - np.int64(depths[(state >> 1) // width]))
        key = _key(text, place)
    return held


@njit(nogil=True, cache=True)
def _key(text: Array, place: Int) -> np.uint64:
    """Return the first bytes at ``place`` as a number."""
    key = np.uint64(0)
    for k in range(_REACH):
        key |= np.uint64(text[place + k]) << np.uint64(8 * k)
    return key


@njit(nogil=True, cache=True, inline="always")
def _begins(key: np.uint64, sets: tuple[Array, Array, Array], tiers: tuple[bool, bool]) -> bool:
    """Say whether a term may begin with the bytes of ``key``."""
    slot = _slot(key, _LONG)
    found = (sets[0][slot >> np.uint64(6)] >> (slot & np.uint64(63))) & _ONE
    if tiers[0]:
        slot = _slot(key & np.uint64(0xFFFFFF), _SHORT)
        found |= (sets[1][slot >> np.uint64(6)] >> (slot & np.uint64(63))) & _ONE
    if tiers[1]:
        slot = key & np.uint64(0xFFFF)
        found |= (sets[2][slot >> np.uint64(6)] >> (slot & np.uint64(63))) & _ONE
    return found != 0


@njit(nogil=True, cache=True)
def _report(
    text: Array,
    document: Int,
    place: Int,
    limits: tuple[Int, Int],
    node: Int,
    ends: Array,
    links: Array,
    facts: tuple[Array, Array],
    kinds: Array,
    modes: tuple[bool, bool, bool],
    stamps: Array,
    distinct: Array,
    total: Array,
    found: Array,
    kept: Int,
    held: Int,
    room: Int,
) -> Int:
    """Take in the terms that end at ``place``; return how many places are written down, or -1 without room."""
    whole_words, longest, keep = modes
    while True:
        term = np.int64(ends[node])
        start = _back(text, place, limits[0], facts[0][term])
        alone = not whole_words or _stands_alone(text, start, place, limits[0], limits[1], facts[1][term], kinds)
        if alone and not (longest or keep):
            _tally(document, term, stamps, distinct, total)
        elif alone:
            while longest and held > kept and found[4 * (held - 1) + 1] >= start:
                held -= 1
            if held == room:
                return np.int64(-1)
            row = 4 * held
            found[row], found[row + 1], found[row + 2], found[row + 3] = document, start, place, term
            held += 1
        node = np.int64(links[node])
        if node == 0 or (alone and longest):
            return held


@njit(nogil=True, cache=True)
def _tally(document: Int, term: Int, stamps: Array, distinct: Array, total: Array) -> None:
    total[document] += 1
    distinct[document] += stamps[term] != document
    stamps[term] = document


@njit(nogil=True, cache=True)
def _back(text: Array, place: Int, first: Int, characters: Int) -> Int:
    """Return where the last ``characters`` characters before ``place`` begin."""
    for _ in range(characters):
        place -= 1
        while place > first and text[place] & 0xC0 == 0x80:
            place -= 1
    return place


@njit(nogil=True, cache=True)
def _stands_alone(text: Array, start: Int, stop: Int, first: Int, last: Int, edge: Int, kinds: Array) -> bool:
    if start > first and not edge & _DENSE_START and _is_wordy(decode_before(text, start, first)[0], kinds):
        return False
    return not (stop < last and not edge & _DENSE_STOP and _is_wordy(decode(text, stop, last)[0], kinds))


@njit(nogil=True, cache=True)
def _is_wordy(point: Int, kinds: Array) -> bool:
    kind = np.int64(kinds[point])
    return point == 95 or kind & (ALPHA | MARK) != 0 or not kind & SYMBOL
