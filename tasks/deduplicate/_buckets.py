"""Candidates: documents that share a band of their signature, and the independent groups that they form."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from schemas.errors import UnitError
from tasks import parts
from tasks.deduplicate._clusters import Ids, Numbers

ENTRY_BYTES = 16  # a band's hash and a document's index
SLICE_BYTES = 64 << 20
GROUP_CHARACTERS = 16 << 20
MOST_TASKS = 256  # every task opens every part, so that their number must not grow with the corpus


@dataclass(frozen=True)
class Slice:
    """What one task joins: the bands ``first <= band < last``, of them the hashes in share ``part`` of ``of``."""

    first: int
    last: int
    part: int = 0
    of: int = 1


def plan(documents: int, bands: int, slice_bytes: int = SLICE_BYTES) -> list[Slice]:
    """Cut the join into independent tasks of at most ``slice_bytes`` (or 1/256 of it all) each."""
    one_band = max(1, documents * ENTRY_BYTES)
    room = max(slice_bytes, one_band * bands // MOST_TASKS)
    if one_band > room:
        of = -(-one_band // room)
        return [Slice(band, band + 1, part, of) for band in range(bands) for part in range(of)]
    step = min(bands, room // one_band)
    return [Slice(band, min(bands, band + step)) for band in range(0, bands, step)]


def buckets(piece: Slice, signatures: list[str], live: str, folder: str, bands: int) -> str:
    """Find the buckets of one slice and return the Parquet file of its pairs (bucket, document).

    ``signatures`` are Parquet files with doc_id and bands (a list of ``bands`` hashes). ``live`` is a .npy file of the
    sorted doc_ids of the live documents, ``document`` is an index into it. Buckets have at least two live documents and
    are numbered from 0. Raises UnitError for signatures of another length and for a document that is there twice.
    """
    doc_ids = np.load(live, mmap_mode="r")
    found: list[list[tuple[Ids, Numbers]]] = [[] for _ in range(piece.first, piece.last)]
    for hashes, documents in _rows(signatures, doc_ids, bands):
        for column, band in zip(found, range(piece.first, piece.last), strict=True):
            values = hashes[:, band]
            # The low bits choose the share: all bits of a hash are equally mixed.
            chosen = slice(None) if piece.of == 1 else np.flatnonzero(values % np.uint64(piece.of) == piece.part)
            column.append((values[chosen].copy(), documents[chosen]))
    pairs: list[tuple[Numbers, Numbers]] = []
    count = 0
    while found:
        numbers, documents = _shared(found.pop(0))
        twice = np.flatnonzero((np.diff(numbers) == 0) & (np.diff(documents) == 0))
        if len(twice):
            raise UnitError(f"doc_id {doc_ids[documents[twice[0]]]} is in the signatures twice")
        pairs.append((numbers + count, documents))
        count += int(numbers[-1]) + 1 if len(numbers) else 0
    table = pa.table(
        {"bucket": np.concatenate([p[0] for p in pairs]), "document": np.concatenate([p[1] for p in pairs])}
    )
    name = f"buckets-{piece.first}-{piece.last}-{piece.part}-{piece.of}.parquet"
    return str(parts.write(Path(folder) / name, table))


def _rows(signatures: list[str], live: Ids, bands: int) -> Iterator[tuple[Ids, Numbers]]:
    for path in signatures:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1 << 16, columns=["doc_id", "bands"]):
                lengths = np.diff(batch["bands"].offsets.to_numpy())
                if (lengths != bands).any():
                    other = lengths[lengths != bands][0]
                    raise UnitError(f"{path}: signatures of {other} bands, {bands} are asked for")
                values, doc_ids = batch["bands"].flatten().to_numpy(), batch["doc_id"].to_numpy()
                places = np.searchsorted(live, doc_ids)
                alive = np.flatnonzero(places < len(live))
                alive = alive[live[places[alive]] == doc_ids[alive]]
                if len(alive):
                    yield values.reshape(-1, bands)[alive], places[alive]


def _shared(pieces: list[tuple[Ids, Numbers]]) -> tuple[Numbers, Numbers]:
    """Return (bucket, document) of the hashes that occur more than once, by bucket and document."""
    if not pieces:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    hashes = np.concatenate([piece[0] for piece in pieces])
    documents = np.concatenate([piece[1] for piece in pieces])
    order = np.argsort(hashes)
    hashes = hashes[order]
    same = hashes[1:] == hashes[:-1]
    member = np.zeros(len(hashes), bool)
    member[1:] |= same
    member[:-1] |= same
    hashes, documents = hashes[member], documents[order[member]]
    starts = np.ones(len(hashes), bool)
    starts[1:] = hashes[1:] != hashes[:-1]
    numbers = np.cumsum(starts) - 1
    order = np.lexsort((documents, numbers))
    return numbers[order], documents[order].astype(np.int64)


def read_pairs(files: list[str]) -> tuple[Numbers, Numbers]:
    """Return all pairs (bucket, document) of these files, with buckets numbered through."""
    numbers, documents, count = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for file in files:
        table = pq.read_table(file, memory_map=False)
        if table.num_rows:
            numbers.append(table["bucket"].to_numpy() + count)
            documents.append(table["document"].to_numpy())
            count = int(numbers[-1].max()) + 1
    return np.concatenate(numbers), np.concatenate(documents)


def groups(
    bucket: Numbers, document: Numbers, characters: Numbers, group_characters: int = GROUP_CHARACTERS
) -> tuple[Numbers, Numbers, Numbers]:
    """Split the candidates into groups that share no bucket; return (candidate, group, component) by candidate.

    ``characters`` is the length of every live document. A group holds whole components of the graph of documents and
    buckets, of at most ``group_characters`` (or 1/256 of all) together unless one component alone has more.
    """
    candidates, local = np.unique(document, return_inverse=True)
    if not len(candidates):
        return candidates, candidates, candidates
    size = len(candidates) + int(bucket.max()) + 1
    edges = coo_array((np.ones(len(local), np.int8), (local, bucket + len(candidates))), shape=(size, size))
    labels = connected_components(edges, directed=False)[1][: len(candidates)]
    component = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    weight = np.bincount(component, characters[candidates])
    limit = max(float(group_characters), weight.sum() / MOST_TASKS)
    group = np.unique((np.cumsum(weight) - weight) // limit, return_inverse=True)[1].astype(np.int64)
    return candidates, group[component], component
