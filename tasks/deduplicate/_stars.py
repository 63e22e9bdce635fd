"""Verification: exact similarity of candidates, and who is removed for whom."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numba import njit

from schemas.errors import UnitError
from tasks import parts
from tasks.deduplicate._clusters import Floats, Ids, Numbers
from tasks.distinct import distinct
from tasks.text import TextBatch
from tasks.text.shingles import shingles

SURVIVORS_PER_BUCKET = 128
BATCH_BYTES = 4 << 20
SHINGLES = pa.schema([("group", pa.int64()), ("doc_id", pa.uint64()), ("shingles", pa.large_list(pa.uint64()))])


class Verified(NamedTuple):
    """Who is removed for whom in one group, and what it took: pairs compared, and buckets with too many survivors."""

    doc_ids: Ids
    survivors: Ids
    similarity: Floats
    compared: int
    crowded: int


def shingle_part(texts: str, wanted: str, ngram: int, folder: str) -> str:
    """Write the sorted distinct shingles of the wanted documents of one text part, one row group per group.

    ``texts`` is Parquet with doc_id and text, ``wanted`` is Parquet with doc_id (ascending) and group.
    Returns the path.
    """
    names = pq.read_table(wanted, columns=["doc_id", "group"], memory_map=False)
    doc_ids, group = names["doc_id"].to_numpy(), names["group"].to_numpy()
    found = [SHINGLES.empty_table()]
    for table in texts_of(texts, doc_ids):
        values, offsets = shingles(TextBatch(table["text"].combine_chunks()), ngram)
        lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values, pa.uint64()))
        number = group[np.searchsorted(doc_ids, table["doc_id"].to_numpy())]
        found.append(pa.table([number, table["doc_id"], lists], schema=SHINGLES))
    everything = pa.concat_tables(found)
    path = Path(folder) / f"shingles-{parts.key_of(texts)}.parquet"
    with parts.aside(path) as aside, pq.ParquetWriter(aside, SHINGLES, compression="none", use_dictionary=False) as out:
        for number in distinct(everything["group"].to_numpy()):
            chosen = everything.filter(pc.equal(everything["group"], number))
            out.write_table(chosen, row_group_size=chosen.num_rows)
    return str(path)


def texts_of(texts: str, wanted: Ids) -> Iterator[pa.Table]:
    """Yield tables (doc_id, text) of the wanted documents, of about 4 MB; row groups without any are not read."""
    with pq.ParquetFile(texts) as file:
        for number in range(file.num_row_groups):
            doc_ids = file.read_row_group(number, columns=["doc_id"])["doc_id"].to_numpy()
            chosen = np.isin(doc_ids, wanted)
            if not chosen.any():
                continue
            table = file.read_row_group(number, columns=["doc_id", "text"]).filter(pa.array(chosen))
            ends = np.cumsum(pc.binary_length(table["text"]).to_numpy())
            # A batch is cut where the running size passes a multiple of the bound.
            cuts = np.flatnonzero(np.diff(ends // BATCH_BYTES, prepend=0))
            for start, stop in zip([0, *cuts], [*cuts, table.num_rows], strict=True):
                if stop > start:
                    yield table.slice(start, stop - start)


def verify(group: int, pairs: str, shingle_files: list[str], threshold: float) -> Verified:
    """Remove, in one group, every document that is similar enough to a survivor before it in rank.

    ``pairs`` is Parquet whose row group ``group`` holds the group's (bucket, rank, doc_id). In rank order, each
    document not yet removed survives; of the documents after it that share a bucket with it, those with Jaccard
    similarity of shingles at or above ``threshold`` are removed for it. Never all pairs: only the first 128 survivors
    of a bucket are compared with the rest of it, so that a bucket of m documents costs at most 128 m comparisons.
    """
    with pq.ParquetFile(pairs) as file:
        table = file.read_row_group(group)
    rank, first, document = np.unique(table["rank"].to_numpy(), return_index=True, return_inverse=True)
    doc_ids = table["doc_id"].to_numpy()[first]
    bucket = np.unique(table["bucket"].to_numpy(), return_inverse=True)[1]
    order = np.lexsort((document, bucket))
    members, bucket = document[order], bucket[order]
    places = np.argsort(members, kind="stable")
    values, starts, stops = _load(group, shingle_files, doc_ids, Path(pairs).parent)
    survivor = np.full(len(rank), -1, np.int64)
    similarity = np.zeros(len(rank))
    compared, crowded = stars(
        *(values, starts, stops, members.astype(np.int64), bucket.astype(np.int64), places.astype(np.int64)),
        *(threshold, SURVIVORS_PER_BUCKET, survivor, similarity),
    )
    lost = survivor >= 0
    return Verified(doc_ids[lost], doc_ids[survivor[lost]], similarity[lost], compared, crowded)


def joined(found: list[Verified]) -> tuple[Ids, Ids, Floats]:
    """Return doc_ids, survivors and similarities of all groups."""
    nothing = Verified(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0), 0, 0)
    doc_ids, survivors, similarity = (
        np.concatenate(list(column)) for column in list(zip(nothing, *found, strict=True))[:3]
    )
    return doc_ids, survivors, similarity


def _load(group: int, files: list[str], doc_ids: Ids, folder: Path) -> tuple[Ids, Numbers, Numbers]:
    """Return the shingles of all documents in one array, and where each document's begin and end.

    The array is a mapped temporary file: a chain of candidates larger than memory is slow, not fatal.
    """
    found, lengths = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    with TemporaryFile(dir=folder) as room:
        for table in _row_groups(group, files):
            lists = table["shingles"].combine_chunks()
            found.append(table["doc_id"].to_numpy())
            lengths.append(np.diff(lists.offsets.to_numpy()))
            room.write(np.ascontiguousarray(lists.flatten().to_numpy()).data)
        room.flush()
        values = np.memmap(room, np.uint64, "r") if room.tell() else np.empty(0, np.uint64)
    ids = np.concatenate(found)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    by_id = np.argsort(ids)
    place = np.searchsorted(ids[by_id], doc_ids)
    if len(ids) < len(doc_ids) or (ids[by_id[np.minimum(place, len(ids) - 1)]] != doc_ids).any():
        raise UnitError(f"{len(doc_ids)} documents are candidates, the text parts have {len(ids)} of them")
    return values, offsets[by_id[place]], offsets[by_id[place] + 1]


def _row_groups(group: int, files: list[str]) -> Iterator[pa.Table]:
    for path in files:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                if file.metadata.row_group(number).column(0).statistics.min == group:
                    yield file.read_row_group(number, columns=["doc_id", "shingles"])


@njit(nogil=True, cache=True)
def stars(
    values: Ids,
    starts: Numbers,
    stops: Numbers,
    members: Numbers,
    bucket: Numbers,
    places: Numbers,
    threshold: float,
    most: int,
    survivor: Numbers,
    similarity: Floats,
) -> tuple[int, int]:
    """Fill ``survivor`` (-1: survives) and ``similarity``; return (pairs compared, buckets with too many survivors).

    Documents are numbered by rank. ``members`` lists the documents of each bucket in rank order, ``bucket`` the bucket
    of each entry, ``places`` the entries in order of document.
    """
    entries = len(members)
    survivors = np.zeros(entries, np.int64)  # by bucket: how many of its survivors were compared with the rest
    seen = np.full(len(survivor), -1, np.int64)  # by document: the last survivor it was compared with
    compared, crowded, entry = 0, 0, 0
    while entry < entries:
        document = members[places[entry]]
        removed = survivor[document] >= 0
        while entry < entries and members[places[entry]] == document:
            place = places[entry]
            number = bucket[place]
            entry += 1
            if removed or place + 1 == entries or bucket[place + 1] != number:
                continue
            survivors[number] += 1
            if survivors[number] > most:
                crowded += survivors[number] == most + 1
                continue
            place += 1
            while place < entries and bucket[place] == number:
                other = members[place]
                place += 1
                if survivor[other] >= 0 or seen[other] == document:
                    continue
                seen[other] = document
                compared += 1
                found = jaccard(values, starts[document], stops[document], starts[other], stops[other], threshold)
                if found >= threshold:
                    survivor[other] = document
                    similarity[other] = found
    return compared, crowded


@njit(nogil=True, cache=True)
def jaccard(values: Ids, i: int, i_stop: int, j: int, j_stop: int, threshold: float) -> float:
    """Return the Jaccard similarity of two sorted sets in ``values``, or -1.0 once it cannot reach ``threshold``."""
    sizes = (i_stop - i) + (j_stop - j)
    smaller = min(i_stop - i, j_stop - j)
    if smaller == 0 or smaller < threshold * (sizes - smaller) - 1e-6:
        return -1.0
    # Similarity s leaves (1 - s) / (1 + s) of all entries without a partner.
    spare = (1.0 - threshold) / (1.0 + threshold) * sizes + 1e-6
    common, alone = 0, 0
    while i < i_stop and j < j_stop and alone <= spare:
        if values[i] == values[j]:
            common += 1
            i += 1
            j += 1
        else:
            alone += 1
            if values[i] < values[j]:
                i += 1
            else:
                j += 1
    return common / (sizes - common) if alone <= spare else -1.0
