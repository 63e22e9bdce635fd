"""Documents that share most of their word n-grams."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.recipe import Count, ShareAbove0
from schemas.table import Column
from tasks.deduplicate import _recall, _stars
from tasks.deduplicate._buckets import buckets, groups, plan, read_pairs
from tasks.deduplicate._clusters import Duplicates, Ids, Numbers, by_doc_id, duplicates, ranked
from tasks.distinct import distinct
from tasks.parts import aside
from tasks.text import TextBatch
from tasks.text.minhash import signatures

Mapper = Callable[..., Iterable[Any]]

COLUMNS = (Column("bands", "UBIGINT[]", "one hash per band of the MinHash signature"),)


class Part(NamedTuple):
    """Where a part's signatures (doc_id, bands) and texts (doc_id, text) are: two Parquet files."""

    signatures: str
    texts: str


def measure(batch: TextBatch, *, ngram: Count = 5, bands: Count = 14, rows: Count = 8, seed: int = 0) -> dict[str, Any]:
    """Return the column ``bands``: per document one 64-bit hash for each band of its MinHash signature."""
    hashes = signatures(batch, ngram, bands, rows, seed)
    return {"bands": pa.ListArray.from_arrays(np.arange(0, hashes.size + 1, bands, dtype=np.int32), hashes.ravel())}


def minhash(
    parts: Sequence[Part],
    documents: pa.Table,
    folder: Path,
    *,
    ngram: Count = 5,
    bands: Count = 14,
    rows: Count = 8,
    verify: ShareAbove0 = 0.7,
    prefer: str | None = None,
    seed: int = 0,
    mapper: Mapper = map,
) -> Duplicates:
    """Remove documents whose word n-grams are, verified, nearly those of a survivor.

    Candidates share one of ``bands`` bands of ``rows`` MinHash values; their Jaccard similarity is then computed from
    the texts, and a document is removed only for a survivor with similarity of at least ``verify``: there is no
    transitive closure. The survivor is the highest by the score ``prefer`` (if given), then by characters, then the
    lowest doc_id, so that the result depends on the set of documents only: not on parts, order or ``mapper``. Documents
    of fewer than ``ngram`` words resemble only those with the same words.

    ``parts`` are the files that ``measure`` (with the same ngram, bands, rows, seed) and the reader gave; ``documents``
    are the live documents: doc_id, characters and the score. Pieces of work go through ``mapper(function, items)``,
    which keeps their order, and meet in ``folder``, which all workers see. This process needs 40 bytes per live
    document and 100 per pair of candidate and bucket; a worker 256 MB (or 1/64 of all signatures) for a join.

    Source: Broder 1997, "On the resemblance and containment of documents"; bands and rows of Penedo et al. 2024,
    arXiv:2406.17557 (FineWeb: word 5-grams, 14 bands of 8 rows).
    """
    doc_ids, rank = ranked(documents, prefer)
    characters = by_doc_id(documents, "characters")
    live = _save(folder / "live.npy", doc_ids)
    join = partial(buckets, signatures=[part.signatures for part in parts], live=live, folder=str(folder), bands=bands)
    bucket, document = read_pairs(list(mapper(join, plan(len(doc_ids), bands))))
    candidates, group, component = groups(bucket, document, characters)
    statistics = {
        "documents": len(doc_ids),
        "candidates": len(candidates),
        "buckets": len(distinct(bucket)),
        "largest_bucket": int(np.bincount(bucket).max(initial=0)),
        "components": len(distinct(component)),
        "largest_component": int(np.bincount(component).max(initial=0)),
    }
    wanted = _write_wanted(folder, doc_ids[candidates], group)
    pairs = _write_pairs(
        folder, bucket, doc_ids[document], rank[document], group[np.searchsorted(candidates, document)]
    )
    texts = [part.texts for part in parts]
    sets = partial(_stars.shingle_part, wanted=wanted, ngram=ngram, folder=str(folder))
    shingled = list(mapper(sets, texts)) if len(candidates) else []
    stars = partial(_stars.verify, pairs=pairs, shingle_files=shingled, threshold=verify)
    found = list(mapper(stars, range(int(group.max(initial=-1)) + 1)))
    statistics["pairs_compared"] = sum(verified.compared for verified in found)
    statistics["crowded_buckets"] = sum(verified.crowded for verified in found)
    sample = list(mapper(partial(_recall.sampled, wanted=_recall.choose(doc_ids, characters)), texts))
    audit = partial(_recall.audit, ngram=ngram, bands=bands, rows=rows, seed=seed)
    [recall] = mapper(audit, [_recall.ordered(sample)])  # the workers have the text engine loaded
    return duplicates("minhash", *_stars.joined(found), statistics, recall)


def _save(path: Path, values: Ids) -> str:
    with aside(path) as temporary, temporary.open("wb") as file:
        np.save(file, values)
    return str(path)


def _write_wanted(folder: Path, doc_ids: Ids, group: Numbers) -> str:
    path = folder / "candidates.parquet"
    with aside(path) as temporary:
        pq.write_table(pa.table({"doc_id": pa.array(doc_ids, pa.uint64()), "group": group}), temporary)
    return str(path)


def _write_pairs(folder: Path, bucket: Numbers, doc_ids: Ids, rank: Numbers, group: Numbers) -> str:
    """Write one row group per group of candidates, so that a worker reads its own only."""
    path = folder / "pairs.parquet"
    order = np.argsort(group, kind="stable")
    columns = {"bucket": bucket[order], "rank": rank[order], "doc_id": doc_ids[order]}
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    ends = np.cumsum(np.bincount(group)).tolist() if len(group) else []
    with aside(path) as temporary, pq.ParquetWriter(temporary, table.schema) as out:
        for start, stop in zip([0, *ends], ends, strict=False):
            out.write_table(table.slice(start, stop - start), row_group_size=stop - start)
    return str(path)
