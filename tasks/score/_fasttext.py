"""Read a quantized fastText classifier (``.ftz``) into arrays that a kernel can index.

The file, little-endian: settings; the words and labels with their counts; which hashed n-grams survived pruning, and
as which row; the rows as product-quantized codes with a quantized length; the output matrix. Only what the language
model uses is read: hierarchical softmax over labels, rows with lengths, an output matrix of plain numbers.
"""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from schemas.errors import UnitError

MAGIC = (793712314, 12)
SETTINGS = ("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket", "minn", "maxn", "rate")
EXPECTED = {"dim": 16, "word_ngrams": 1, "loss": 1, "model": 3, "bucket": 2_000_000, "minn": 2, "maxn": 4}
CENTROIDS = 256
FNV_START, FNV_PRIME, WORD = 14695981039346656037, 1099511628211, 2**64 - 1
NOTHING = -1


class Network(NamedTuple):
    """``rows``: float32 (n, 16), one per word, then one per n-gram that survived; row 0 ends a line.

    ``word_keys`` uint64 and ``word_rows`` int32: open addressing from a word's 64-bit FNV-1a hash to its row.
    ``gram_rows``: int32 (2,000,000), from an n-gram's bucket to its row or -1; ``gram_gate``: uint8, the same as bits.
    ``outputs``: float32 (labels - 1, 16), one per inner node. ``left``, ``right``: int32, children of each node; the
    labels are the nodes below ``labels``.
    """

    rows: np.ndarray
    word_keys: np.ndarray
    word_rows: np.ndarray
    gram_rows: np.ndarray
    gram_gate: np.ndarray
    outputs: np.ndarray
    left: np.ndarray
    right: np.ndarray


class _File:
    """The bytes of a model and how far they are read."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.place = 0

    def take(self, layout: str) -> tuple[int, ...]:
        """The next values in the layout of ``struct``."""
        values = struct.unpack_from(f"<{layout}", self.data, self.place)
        self.place += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: str, count: int) -> np.ndarray:
        """The next ``count`` numbers."""
        values = np.frombuffer(self.data, kind, count, self.place)
        self.place += values.nbytes
        return values

    def name(self) -> bytes:
        """The next string, up to its zero byte."""
        stop = self.data.index(b"\0", self.place)
        found = self.data[self.place : stop]
        self.place = stop + 1
        return found


def read_model(path: Path) -> tuple[Network, list[str]]:
    """Return the network in ``path`` and its labels; UnitError when the file is another kind of model.

    Source: Joulin et al. 2016, arXiv:1612.03651 (FastText.zip); layout as in fastText 0.9.2, ``FastText::loadModel``.
    """
    file = _File(path)
    magic = file.take("2i")
    settings = dict(zip(SETTINGS, file.take(f"{len(SETTINGS)}i"), strict=True))
    if magic != MAGIC or any(settings[name] != value for name, value in EXPECTED.items()):
        raise UnitError(f"{path.name} is not a language model of the lid.176.ftz kind: {magic}, {settings}")
    file.take("d")
    size, words, _ = file.take("3i")
    _, pruned = file.take("2q")
    names, counts = zip(*((file.name(), file.take("qb")[0]) for _ in range(size)), strict=True)
    kept = file.array("<i4", 2 * pruned).reshape(-1, 2)
    rows = _rows(file)
    file.take("?")
    nodes, dimension = file.take("2q")
    outputs = file.array("<f4", nodes * dimension).reshape(nodes, dimension)
    keys, values = _table(names[:words])
    gram_rows, gate = _grams(kept, words, settings["bucket"])
    labels = [name.decode().removeprefix("__label__") for name in names[words:]]
    return Network(rows, keys, values, gram_rows, gate, outputs, *_tree(counts[words:])), labels


def _rows(file: _File) -> np.ndarray:
    """Decode the input matrix: each row is its length times one centroid per pair of dimensions."""
    file.take("2?")
    count, dimension = file.take("2q")
    codes = file.array("u1", file.take("i")[0]).reshape(count, -1)
    _, parts, width, _ = file.take("4i")
    centroids = file.array("<f4", dimension * CENTROIDS).reshape(parts, CENTROIDS, width)
    lengths = file.array("u1", count)
    file.take("4i")
    length = file.array("<f4", CENTROIDS)[lengths]
    directions = np.concatenate([centroids[part][codes[:, part]] for part in range(parts)], axis=1)
    return np.ascontiguousarray(directions * length[:, None], np.float32)


def _table(names: tuple[bytes, ...]) -> tuple[np.ndarray, np.ndarray]:
    size = 1 << (2 * len(names)).bit_length()
    keys, rows = np.zeros(size, np.uint64), np.full(size, NOTHING, np.int32)
    for row, name in enumerate(names):
        key = FNV_START
        for byte in name:
            key = ((key ^ byte) * FNV_PRIME) & WORD
        slot = key & (size - 1)
        while rows[slot] != NOTHING:
            slot = (slot + 1) & (size - 1)
        keys[slot], rows[slot] = key, row
    return keys, rows


def _grams(kept: np.ndarray, words: int, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.full(buckets, NOTHING, np.int32)
    rows[kept[:, 0]] = kept[:, 1] + words
    return rows, np.packbits(rows != NOTHING, bitorder="little")


def _tree(counts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The Huffman tree that fastText builds from its labels' counts, which fall; the first nodes are the labels."""
    labels = len(counts)
    left, right = np.full((2, 2 * labels - 1), NOTHING, np.int32)
    weight = [*counts, *[10**15] * (labels - 1)]
    leaf, inner = labels - 1, labels
    for node in range(labels, 2 * labels - 1):
        children = []
        for _ in range(2):
            if leaf >= 0 and weight[leaf] < weight[inner]:
                children.append(leaf)
                leaf -= 1
            else:
                children.append(inner)
                inner += 1
        left[node], right[node] = children
        weight[node] = weight[children[0]] + weight[children[1]]
    return left, right
