"""Keyphrases: runs of words that are not function words, scored by the company that their words keep.

A run ends at a function word, a symbol, a line's end or a word without letters. A word's score is the words in the runs
that it occurs in, over its occurrences; a phrase's score is the sum over its words.
"""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from tasks.distinct import distinct
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int
from tasks.text.hashing import START, absorb, finish, slots
from tasks.text.segment import ALPHABETIC, OVERLAPPING

Integers = NDArray[np.int64]
FEWEST_COMMON = 10
FUNCTION_WORDS = """
a about above across after again against all almost alone along already also although always am among an and another
any anyone anything are around as at away back be became because become been before behind being below between both
but by came can cannot come could did do does doing done down during each either else enough etc even ever every
everyone few for from further gave get gets give given go goes going gone got had has have having he hence her here
hers herself him himself his how however i if in indeed instead into is it its itself just keep kept know last least
less let like likely made make makes many may maybe me might mine more most much must my myself near need neither
never new next no nor not nothing now of off often on once one ones only onto or other others otherwise our ours
ourselves out over own per perhaps put quite rather really said same say says see seen several shall she should show
since so some someone something still such take taken than that the their theirs them themselves then there
therefore these they thing things this those though through thus to together too took toward two under until up upon
us use used uses using very via want was way we well went were what whatever when where whether which while who
whole whom whose why will with within without would yet you your yours yourself s t d ll m re ve n't 's 'll 're 've
'm 'd
"""


@cache
def function_words() -> np.ndarray:
    """Hashes of the English words that carry no meaning of their own, ascending."""
    words = TextBatch(pa.array(FUNCTION_WORDS.split())).words
    return distinct(words.hashes)


def keyphrases(batch: TextBatch, *, longest: int, most: int) -> tuple[pa.Array, pa.Array]:
    """Give every document's ``most`` best phrases of at most ``longest`` words: their hashes, and their scores.

    Best first, ties by the smaller hash. A document's phrases depend on its own words only.
    """
    words = batch.words
    wanted = ((words.flags & ALPHABETIC) != 0) & ((words.flags & OVERLAPPING) == 0) & (words.characters > 1)
    carries = wanted & ~_among(words.hashes, function_words())
    room = int(np.minimum(np.diff(words.offsets), most).sum())
    hashes, scores = np.empty(room, np.uint64), np.empty(room, np.float32)
    ends = np.zeros(len(words.offsets), np.int32)
    places = (words.hashes, words.starts, words.stops, words.offsets)
    _collect(batch.data, places, carries, longest, most, (hashes, scores, ends))
    kept, size = pa.array(ends), int(ends[-1])
    lists = pa.ListArray.from_arrays
    return lists(kept, pa.array(hashes[:size])), lists(kept, pa.array(scores[:size]))


def keywords(documents: pa.Table, *, common: float, least: float) -> NDArray[np.uint64]:
    """The keyword that each document goes by, as a hash; 0 for those that share none."""
    lists = documents["phrases"].combine_chunks()
    sizes = np.diff(lists.offsets.to_numpy())
    phrase = lists.flatten().to_numpy()
    score = documents["phrase_scores"].combine_chunks().flatten().to_numpy()
    row = np.repeat(np.arange(len(sizes)), sizes)
    known, number, times = np.unique(phrase, return_inverse=True, return_counts=True)
    kept = (score >= least) & (times[number] > 1) & (times[number] <= max(common * len(sizes), FEWEST_COMMON))
    row, number = row[kept], number[kept]
    chosen = _first(row, number, len(sizes))
    followers = np.bincount(chosen[chosen >= 0], minlength=len(known))
    shared = followers[number] > 1
    chosen = _first(row[shared], number[shared], len(sizes))
    if not len(known):
        return np.zeros(len(sizes), np.uint64)
    return np.where(chosen >= 0, known[chosen], np.uint64(0))


def _first(row: Integers, number: Integers, count: int) -> Integers:
    """The first of the numbers of each row, -1 where there is none; the best phrases of a document come first."""
    chosen = np.full(count, -1, np.int64)
    chosen[row[::-1]] = number[::-1]
    return chosen


def _among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    return known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values


@njit(nogil=True, cache=True)
def _slot(keys: Array, key: Any) -> Int:
    mask = len(keys) - 1
    place = np.int64(key & np.uint64(mask))
    while keys[place] != 0 and keys[place] != key:
        place = (place + 1) & mask
    return place


@njit(nogil=True, cache=True)
def _run_end(data: Array, starts: Array, stops: Array, carries: Array, word: Int, last: Int) -> Int:
    """Return the word after the run that begins with ``word``: an empty run if that carries nothing."""
    if not carries[word]:
        return word
    end = word + 1
    while end < last and carries[end]:
        for place in range(stops[end - 1], starts[end]):
            if data[place] != 32:
                return end
        end += 1
    return end


@njit(nogil=True, cache=True)
def _collect(data: Array, places: Any, carries: Array, longest: Int, most: Int, out: Any) -> None:
    hashes, starts, stops, offsets = places
    found, scores, ends = out
    end = 0
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document + 1]
        size = slots(max(last - first, 1))
        keys, times, company = np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)
        word = first
        while word < last:
            stop = _run_end(data, starts, stops, carries, word, last)
            if stop - word <= longest:
                for each in range(word, stop):
                    place = _slot(keys, hashes[each] | np.uint64(1))
                    keys[place] = hashes[each] | np.uint64(1)
                    times[place] += 1
                    company[place] += stop - word
            word = max(stop, word + 1)
        phrases, values = np.zeros(size, np.uint64), np.zeros(size, np.float32)
        word = first
        while word < last:
            stop = _run_end(data, starts, stops, carries, word, last)
            if 0 < stop - word <= longest:
                state, score = START, 0.0
                for each in range(word, stop):
                    place = _slot(keys, hashes[each] | np.uint64(1))
                    score += company[place] / times[place]
                    state = absorb(state, hashes[each])
                key = finish(state) | np.uint64(1)
                place = _slot(phrases, key)
                phrases[place], values[place] = key, score
            word = max(stop, word + 1)
        end = _keep(phrases, values, most, found, scores, end)
        ends[document + 1] = end


@njit(nogil=True, cache=True)
def _keep(phrases: Array, values: Array, most: Int, found: Array, scores: Array, end: Int) -> Int:
    there = np.flatnonzero(phrases)
    there = there[np.argsort(phrases[there])]
    order = np.argsort(-values[there], kind="mergesort")[:most]
    for place in there[order]:
        found[end], scores[end] = phrases[place], values[place]
        end += 1
    return end
