"""A batch of texts as Arrow buffers, with its words and lines found once and shared by every scorer."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from tasks.text.classes import tables
from tasks.text.counts import count_marks
from tasks.text.lines import count_characters, count_sentences, split_lines, split_paragraphs
from tasks.text.segment import OVERLAPPING, describe, segment
from tasks.text.spaced import properties, split_bounded, split_spaced, steps
from tasks.text.specials import specials, units
from tasks.text.unspaced import pair


@dataclass(frozen=True)
class Lines:
    """The lines of a batch (ended by ``\\n`` only; what follows a text's last ``\\n`` is a line if it is not empty).

    ``starts``, ``stops``: int64, bytes, without the ``\\n``. ``hashes``: uint64. ``characters``: int32. ``flags``:
    uint8, a sum of those named in ``tasks.text.lines``. ``offsets``: int64 (n + 1). Paragraphs have the same shape,
    with flags 0.
    """

    starts: np.ndarray
    stops: np.ndarray
    hashes: np.ndarray
    characters: np.ndarray
    flags: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class Words:
    """The words of a batch, in order; document ``i`` has those from ``offsets[i]`` to ``offsets[i + 1]``.

    ``hashes``: uint64, of the case-folded word. ``exact``: uint64, of the word as written. ``starts``, ``stops``:
    int64, bytes into the batch's data. ``characters``: int32. ``flags``: uint8, a sum of those named in
    ``tasks.text.segment``.
    """

    hashes: np.ndarray
    exact: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    characters: np.ndarray
    flags: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True)
class Units:
    """Words of which less is known; ``exact``, ``starts``, ``stops``, ``characters``, ``offsets`` as in ``Words``."""

    exact: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    characters: np.ndarray
    offsets: np.ndarray


class TextBatch:
    """Texts in one Arrow array, and what is known about them.

    ``data``: uint8, the UTF-8 bytes. ``offsets``: int64 (n + 1), document ``i`` is ``data[offsets[i]:offsets[i + 1]]``.

    >>> batch = TextBatch(pa.array(["Don't stop.", ""]))
    >>> [batch.word(i) for i in range(len(batch.words))]
    ['Do', "n't", 'stop', '.']
    >>> batch.words.offsets.tolist()
    [0, 4, 4]
    """

    def __init__(self, texts: pa.Array | pa.ChunkedArray, fields: pa.Table | None = None) -> None:
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            raise TypeError(f"texts: expected an Arrow array of string or large_string, got {texts.type}")
        if texts.null_count:
            raise ValueError(f"texts: {texts.null_count} of {len(texts)} are null; a document has a text")
        self._texts = texts
        self._fields = fields
        _, offsets, data = texts.buffers()
        width = np.int32 if pa.types.is_string(texts.type) else np.int64
        ends = np.zeros(texts.offset + 1, width) if len(texts) == 0 else np.frombuffer(offsets, width)
        self.offsets: np.ndarray = ends[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
        self.data: np.ndarray = (
            np.frombuffer(data, np.uint8) if data is not None and len(data) else np.zeros(0, np.uint8)
        )

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def texts(self) -> pa.Array:
        """The texts as given."""
        return self._texts

    def field(self, name: str) -> pa.Array:
        """What the input says of each document (url, created, language or license): strings, null where nothing."""
        if self._fields is None or name not in self._fields.column_names:
            return pa.nulls(len(self), pa.string())
        return self._fields[name].combine_chunks().cast(pa.string())

    @cached_property
    def words(self) -> Words:
        """The words, by the rules of ``tasks.text.segment``."""
        known, (unit_keys, _, unit_gate) = tables(), units()
        # A word has a byte at least; what is never written takes no memory.
        room = np.empty((2, len(self.data) + 1), np.int64)
        starts, stops, offsets, dense = segment(
            self.data, self.offsets, known.classes, *specials(), unit_keys, unit_gate, room
        )
        overlaps = np.zeros(0, np.uint8)
        if dense.any():
            starts, stops, offsets, overlaps = pair(self.data, starts, stops, offsets, dense, known.classes)
        hashes, exact = np.empty(len(starts), np.uint64), np.empty(len(starts), np.uint64)
        characters, flags = np.empty(len(starts), np.int32), np.empty(len(starts), np.uint8)
        describe(self.data, starts, stops, known.classes, known.fold, hashes, exact, characters, flags)
        flags[np.flatnonzero(overlaps)] |= OVERLAPPING
        return Words(hashes, exact, starts, stops, characters, flags, offsets)

    @cached_property
    def spaced(self) -> Words:
        """The words between white space, as ``str.split`` cuts them.

        >>> TextBatch(pa.array(["Don't  stop.", " "])).spaced.characters.tolist()
        [5, 5]
        """
        return Words(*split_spaced(self.data, self.offsets, tables().classes, tables().fold))

    @cached_property
    def bounded(self) -> Units:
        """The units between the word boundaries of Unicode (UAX #29) that begin with a letter or a number.

        >>> TextBatch(pa.array(["Don't pay 3,14 x-y."])).bounded.characters.tolist()
        [5, 3, 4, 1, 1]
        """
        return Units(*split_bounded(self.data, self.offsets, tables().classes, properties(), steps()))

    @cached_property
    def lines(self) -> Lines:
        """The lines."""
        return Lines(*split_lines(self.data, self.offsets, tables().classes))

    @cached_property
    def paragraphs(self) -> Lines:
        """The paragraphs: what blank lines separate in the text without white space at its ends."""
        lines = self.lines
        return Lines(
            *split_paragraphs(self.data, self.offsets, lines.starts, lines.stops, lines.offsets, tables().classes)
        )

    @cached_property
    def characters(self) -> np.ndarray:
        """Characters (Unicode code points) of each text: int64 (n,)."""
        return count_characters(self.data, self.offsets)

    @cached_property
    def marks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Number signs, ellipses and line feeds of each text: int64 (n,) each."""
        return count_marks(self.data, self.offsets)

    @cached_property
    def sentences(self) -> np.ndarray:
        """Sentences of each text: int64 (n,). Where one ends: ``tasks.text.lines``."""
        return count_sentences(self.words.flags, self.words.offsets)

    def word(self, index: int) -> str:
        """Return word ``index`` of the batch as written (for people and tests: slow)."""
        return bytes(self.data[self.words.starts[index] : self.words.stops[index]]).decode()
