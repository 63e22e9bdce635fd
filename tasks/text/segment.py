"""Words of a text: the rules, and the kernel that applies them to a batch.

1. White space (``str.isspace``) ends a word.
2. Brackets, quotes, most punctuation, dashes, currency signs and pictures are split off both ends, each as a word of
   its own; a run of dots is one word. So are a final period after a lower-case letter, a digit or two capitals
   ("end." but not "J."), ``'s``, and a unit after a number ("10km").
3. Special words stand: contractions are cut as "ca|n't", abbreviations keep their period (``tasks.text.specials``).
4. What has the form of a web or mail address stays whole.
5. Inside the rest, these split, as words of their own: runs of dots, pictures, ``+-*^`` between digits, a period
   between a lower-case and an upper-case letter, a comma between letters, hyphens and ``:<>=/`` between a letter or
   digit and a letter.
6. A run of letters of a script written without spaces (Han, Kana, Thai, Lao, Tibetan, Myanmar, Khmer ...) gives the
   overlapping pairs of its characters, each with its combining marks; a single one stands alone.

These are the rules of spaCy's English tokenizer (Honnibal et al., MIT), which the common filters run on, without its
table of contractions spelled without an apostrophe, and with rule 6 in place of one word per sentence.
"""

from typing import Any

import numpy as np
from numba import njit

from tasks.text.addresses import is_address
from tasks.text.affixes import infix, prefix, suffix
from tasks.text.borrow import Array, Int, borrow
from tasks.text.classes import ALPHA, DENSE, DIGIT, EDGE, ENDER, FOLDED, INNER, PUNCT, SPACE, SYMBOL
from tasks.text.hashing import START, absorb, decode, finish
from tasks.text.specials import candidate, find, hash_exact

# Flags of a word.
SYMBOLS = 1  # nothing but symbols
ALPHABETIC = 2  # has a letter
PUNCTUATION = 4  # nothing but punctuation
TERMINATOR = 8  # a sentence ender alone
OVERLAPPING = 16  # shares its first character with the word before

_SHORTEST, _LONGEST = 5, 6  # bytes of the special words that are letters alone: "gonna", "cannot"


@njit(nogil=True, cache=True)
def segment(
    data: Array,
    offsets: Array,
    classes: Array,
    special_keys: Array,
    special_cuts: Array,
    gate: Array,
    unit_keys: Array,
    unit_gate: Array,
    room: Array,
) -> Any:
    """Find the words of every document ``data[offsets[i]:offsets[i + 1]]``.

    ``room`` is int64 (2, bytes + 1) to write to. Returns (starts, stops) in bytes, one per word in order, word
    offsets (n + 1), all int64, and for each document whether a script without spaces occurs: ``tasks.text.unspaced``
    then cuts its words.
    """
    starts, stops = borrow(room[0]), borrow(room[1])
    text, kinds, keys, cuts = borrow(data), borrow(classes), borrow(special_keys), borrow(special_cuts)
    gates, measures, measure_gates = borrow(gate), borrow(unit_keys), borrow(unit_gate)
    mask, measure_mask = np.int64(len(special_keys) - 1), np.int64(len(unit_keys) - 1)
    word_offsets = np.zeros(len(offsets), np.int64)
    count = 0
    dense = np.zeros(len(offsets) - 1, np.bool_)
    for document in range(len(offsets) - 1):
        place, stop = offsets[document], offsets[document + 1]
        while place < stop:
            start = place
            place, seen, width, plain = _run(text, place, stop, kinds)
            if seen & DENSE:
                dense[document] = True
            size = place - start
            cut = _SHORTEST <= plain <= _LONGEST and candidate(text, start, start + plain, gates)
            if plain == size and size and not cut:
                starts[count], stops[count] = start, place
                count += 1
            elif plain > 1 and plain == size - 1 and not cut and _splits_off(text, start, place, kinds, gates):
                starts[count], stops[count] = start, place - 1
                starts[count + 1], stops[count + 1] = place - 1, place
                count += 2
            elif size:
                count = _chunk(
                    text, start, place, seen, kinds, keys, mask, cuts, gates,
                    measures, measure_mask, measure_gates, starts, stops, count,
                )  # fmt: skip
            place += width
        word_offsets[document + 1] = count
    return room[0, :count], room[1, :count], word_offsets, dense


@njit(nogil=True, cache=True)
def _run(data: Array, place: Int, stop: Int, classes: Array) -> Any:
    """Look at the run of characters from ``place`` that are no white space.

    Returns where it ends, the union of their classes, the bytes of the space after it, and how many plain letters it
    starts with.
    """
    seen, common = np.int64(0), np.int64(ALPHA)
    plain, width = 0, 0
    while place < stop:
        byte = data[place]
        width = 1
        if byte < 0x80:
            kind = np.int64(classes[byte])
        else:
            point, width = decode(data, place, stop)
            kind = np.int64(classes[point])
        if kind & SPACE:
            return place, seen, width, plain
        seen |= kind
        common &= kind
        plain += width if common else 0
        place += width
    return place, seen, 0, plain


@njit(nogil=True, cache=True)
def _splits_off(data: Array, start: Int, stop: Int, classes: Array, gate: Array) -> bool:
    """Say whether the last byte of a word that is all letters before it is a word of its own."""
    final = data[stop - 1]
    if final >= 0x80 or candidate(data, start, stop, gate):
        return False
    if final == 46:
        return data[stop - 2] >= 97 and data[stop - 2] <= 122
    return np.int64(classes[final]) & EDGE != 0


@njit(nogil=True, cache=True)
def _chunk(
    data: Array,
    start: Int,
    stop: Int,
    seen: Int,
    classes: Array,
    special_keys: Array,
    special_mask: Int,
    special_cuts: Array,
    gate: Array,
    unit_keys: Array,
    unit_mask: Int,
    unit_gate: Array,
    starts: Array,
    stops: Array,
    count: Int,
) -> Int:
    """Append the words of one run of non-space characters; return the new count.

    What is cut off the end waits in the free part of ``starts``, from the top: a run of any length needs no stack.
    """
    top = count + stop - start
    waiting = top
    end = stop
    last = np.int64(-1)
    while start < end and end - start != last and not _is_special(data, start, end, special_keys, special_mask, gate):
        last = end - start
        before = _front(data, start, end, classes)
        if before and _is_special(data, start + before, end, special_keys, special_mask, gate):
            starts[count], stops[count] = start, start + before
            count += 1
            start += before
            break
        after = _back(data, start + before, end, seen, classes, unit_keys, unit_mask, unit_gate)
        if after:
            waiting -= 1
            end -= after
            starts[waiting] = end
        if before and not (after and _is_special(data, start, end, special_keys, special_mask, gate)):
            starts[count], stops[count] = start, start + before
            count += 1
            start += before
    if start < end:
        if _all_alphabetic(data, start, end, classes) and not candidate(data, start, end, gate):
            starts[count], stops[count] = start, end
            count += 1
        else:
            count = _middle(
                data, start, end, classes, special_keys, special_mask, special_cuts, gate, starts, stops, count
            )
    while waiting < top:
        first = starts[waiting]
        waiting += 1
        stops[count] = starts[waiting] if waiting < top else stop
        starts[count] = first
        count += 1
    return count


@njit(nogil=True, cache=True)
def _front(data: Array, start: Int, stop: Int, classes: Array) -> Int:
    """Return the bytes to split off the front: at once for plain letters and brackets."""
    kind = np.int64(classes[np.int64(data[start])])
    if data[start] < 0x80 and kind & (ALPHA | DIGIT | EDGE):
        return 1 if kind & EDGE else 0
    return prefix(data, start, stop, classes)


@njit(nogil=True, cache=True)
def _back(
    data: Array, start: Int, stop: Int, seen: Int, classes: Array, unit_keys: Array, unit_mask: Int, unit_gate: Array
) -> Int:
    """Return the bytes to split off the end: at once for plain letters and brackets."""
    if start == stop:
        return 0
    final = data[stop - 1]
    if final < 0x80 and np.int64(classes[final]) & EDGE:
        return 1
    if not _may_end(data, start, stop, seen, classes):
        return 0
    return suffix(data, start, stop, classes, unit_keys, unit_mask, unit_gate)


@njit(nogil=True, cache=True)
def _is_special(data: Array, start: Int, stop: Int, keys: Array, mask: Int, gate: Array) -> bool:
    return candidate(data, start, stop, gate) and find(keys, mask, hash_exact(data, start, stop)) >= 0


@njit(nogil=True, cache=True)
def _may_end(data: Array, start: Int, stop: Int, seen: Int, classes: Array) -> bool:
    """Say whether anything might be split off the end: a quick no for most words."""
    final = data[stop - 1]
    if final >= 0x80 or not np.int64(classes[final]) & ALPHA or seen & DIGIT:
        return True
    return (
        (final == 115 or final == 83) and stop - start > 1 and not np.int64(classes[np.int64(data[stop - 2])]) & ALPHA
    )


@njit(nogil=True, cache=True)
def _all_alphabetic(data: Array, start: Int, stop: Int, classes: Array) -> bool:
    """Say whether all is plain letters (ASCII): nothing can split such a word."""
    for place in range(start, stop):  # noqa: SIM110
        if data[place] >= 0x80 or not np.int64(classes[data[place]]) & ALPHA:
            return False
    return True


@njit(nogil=True, cache=True)
def _middle(
    data: Array,
    start: Int,
    stop: Int,
    classes: Array,
    special_keys: Array,
    special_mask: Int,
    special_cuts: Array,
    gate: Array,
    starts: Array,
    stops: Array,
    count: Int,
) -> Int:
    """Append what is left between the split-off ends."""
    if candidate(data, start, stop, gate):
        slot = find(special_keys, special_mask, hash_exact(data, start, stop))
        if slot >= 0:
            for k in range(3):
                length = np.int64(special_cuts[3 * slot + k])
                if length:
                    starts[count], stops[count] = start, start + length
                    count += 1
                    start += length
            return count
    if not _run(data, start, stop, classes)[1] & INNER or is_address(data, start, stop):
        starts[count], stops[count] = start, stop
        return count + 1
    first, place = start, start
    while place < stop:
        width = 0
        if place > start and (data[place] >= 0x80 or np.int64(classes[data[place]]) & INNER):
            width = infix(data, start, place, stop, classes)
        if width:
            if place > first:
                starts[count], stops[count] = first, place
                count += 1
            starts[count], stops[count] = place, place + width
            count += 1
            first = place + width
        place += max(width, 1)
        while place < stop and (data[place] & 0xC0) == 0x80:
            place += 1
    if first < stop:
        starts[count], stops[count] = first, stop
        count += 1
    return count


@njit(nogil=True, cache=True)
def describe(
    data: Array,
    starts: Array,
    stops: Array,
    classes: Array,
    fold: Array,
    hashes: Array,
    exacts: Array,
    characters: Array,
    flags: Array,
) -> None:
    """Hash and describe every word: fill ``hashes``, ``exacts``, ``characters`` and ``flags`` (see ``Words``)."""
    count = len(starts)
    hashes, exacts, characters, flags = borrow(hashes), borrow(exacts), borrow(characters), borrow(flags)
    data, classes, fold = borrow(data), borrow(classes), borrow(fold)
    starts, stops = borrow(starts), borrow(stops)
    for word in range(count):
        folded, exact = START, START
        seen, common = np.int64(0), np.int64(0xFFFF)
        length = 0
        place, stop = starts[word], stops[word]
        while place < stop:
            byte = data[place]
            if byte < 0x80:
                kind = np.int64(classes[byte])
                exact = absorb(exact, np.uint64(byte))
                folded = absorb(folded, np.uint64(fold[byte]))
                place += 1
            else:
                point, width = decode(data, place, stop)
                kind = np.int64(classes[point])
                exact = absorb(exact, np.uint64(point))
                folded = absorb(folded, np.uint64(fold[point]) if point < FOLDED else np.uint64(point))
                place += width
            seen |= kind
            common &= kind
            length += 1
        hashes[word], exacts[word] = finish(folded), finish(exact)
        characters[word] = np.int32(length)
        flags[word] = np.uint8(flags_of(seen, common, length))


@njit(nogil=True, cache=True)
def flags_of(seen: Int, common: Int, characters: Int) -> Int:
    """Return the flags of a word with these classes of characters: their union, and what they have in common."""
    flags = SYMBOLS if common & SYMBOL else 0
    flags |= ALPHABETIC if seen & ALPHA else 0
    flags |= PUNCTUATION if common & PUNCT else 0
    return flags | (TERMINATOR if characters == 1 and seen & ENDER else 0)
