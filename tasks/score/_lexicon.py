"""Block lists from examples: the terms that belong to target documents rather than to others.

The published cascade had its terms named by a language model and kept those of which more than 40 % of the occurrences
were in target documents. Counts alone give such a list: words and phrases of up to three words, with that share and
the log-odds of the two rates.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import InputError
from tasks.text.batch import TextBatch
from tasks.text.borrow import Array, Int
from tasks.text.folding import fold
from tasks.text.hashing import START, absorb, finish
from tasks.text.segment import SYMBOLS

SMOOTHING = 0.5
_BATCH = 512


def lexicon(
    target: Iterable[str],
    background: Iterable[str],
    *,
    longest: int = 3,
    fewest: int = 5,
    pos_ratio: float = 0.4,
    log_odds: float = 0.0,
) -> pa.Table:
    """Return the terms of ``target`` texts that others rarely hold, the most telling first.

    A term is a run of one to ``longest`` words without symbols between them, in lower case, that occurs ``fewest``
    times or more in target texts, with more than ``pos_ratio`` of all its occurrences there and at least these
    ``log_odds``. The columns: term, target and background (occurrences), pos_ratio, log_odds (natural, each rate per
    term of its length, counts smoothed by 0.5). Raises InputError when there are no words on either side.

    Source: O'Brien et al. 2025, arXiv:2508.06601, section 3 (share of occurrences); log-odds by Gristmill.

    >>> found = lexicon(["spore counts", "a spore"], ["a count", "a test"], fewest=2, longest=1)
    >>> found["term"].to_pylist(), found["pos_ratio"].to_pylist()
    (['spore'], [1.0])
    """
    here, names, sizes, totals = _counted(target, longest)
    there, _, _, others = _counted(background, longest, set(here))
    if not (totals.any() and others.any()):
        raise InputError(
            f"a lexicon needs {'background' if totals.any() else 'target'} texts with words; there are none"
        )
    keys = [key for key, count in here.items() if count >= fewest]
    found = np.array([here[key] for key in keys], np.int64)
    rest = np.array([there[key] for key in keys], np.int64)
    length = np.array([sizes[key] for key in keys], np.int64)
    ratio = found / np.maximum(found + rest, 1)
    odds = np.log((found + SMOOTHING) / (totals[length] + 1)) - np.log((rest + SMOOTHING) / (others[length] + 1))
    table = pa.table(
        {
            "term": pa.array([names[key] for key in keys], pa.string()),
            "target": found,
            "background": rest,
            "pos_ratio": ratio,
            "log_odds": odds,
        }
    ).filter(pa.array((ratio > pos_ratio) & (odds >= log_odds)))
    return table.sort_by([("log_odds", "descending"), ("target", "descending"), ("term", "ascending")])


def write_terms(found: pa.Table, path: str | Path) -> None:
    """Write the terms of a lexicon as a list that ``term_hits`` reads, one per line."""
    lines = [f"# {found.num_rows} terms, the most telling first", *found["term"].to_pylist()]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _counted(
    texts: Iterable[str], longest: int, wanted: set[int] | None = None
) -> tuple[Counter[int], dict[int, str], dict[int, int], np.ndarray]:
    """Count terms (all, or those ``wanted``) by hash; with a spelling and the words of each, and terms by length."""
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    sizes: dict[int, int] = {}
    totals = np.zeros(longest + 1, np.int64)
    for batch in _batches(texts):
        words = batch.words
        keys, firsts, lengths = _terms(words.hashes, words.flags, words.offsets, longest)
        totals += np.bincount(lengths, minlength=longest + 1)
        values, places, times = np.unique(keys, return_index=True, return_counts=True)
        for key, place, count in zip(values.tolist(), places.tolist(), times.tolist(), strict=True):
            if wanted is not None and key not in wanted:
                continue
            counts[key] += count
            if key not in names:
                first, last = firsts[place], firsts[place] + lengths[place] - 1
                spelled = bytes(batch.data[words.starts[first] : words.stops[last]]).decode()
                names[key], sizes[key] = fold(" ".join(spelled.split())), int(lengths[place])
    return counts, names, sizes, totals


def _batches(texts: Iterable[str]) -> Iterable[TextBatch]:
    part: list[str] = []
    for text in texts:
        part.append(text)
        if len(part) == _BATCH:
            yield TextBatch(pa.array(part, pa.large_string()))
            part = []
    if part:
        yield TextBatch(pa.array(part, pa.large_string()))


@njit(nogil=True, cache=True)
def _terms(hashes: Array, flags: Array, offsets: Array, longest: Int) -> tuple[Array, Array, Array]:
    """Return (hashes, first words, lengths) of the runs of up to ``longest`` content words of every document."""
    room = len(hashes) * longest
    keys, firsts, lengths = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    count = 0
    for document in range(len(offsets) - 1):
        for first in range(offsets[document], offsets[document + 1]):
            state = START
            for word in range(first, min(first + longest, offsets[document + 1])):
                if flags[word] & SYMBOLS:
                    break
                state = absorb(state, hashes[word])
                keys[count], firsts[count], lengths[count] = finish(state), first, word - first + 1
                count += 1
    return keys[:count], firsts[:count], lengths[:count]
