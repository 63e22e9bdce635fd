"""Contexts to transform, and what is in them token by token."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tasks.tokenize import load, plain
from tasks.transform._made import repositioned
from tasks.transform._pieces import PIECES, firsts, lengths, one_each, pieces

VOCABULARY = 257

sizes = st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=6), max_size=5)


def encode(texts: list[str]) -> list[np.ndarray]:
    """The bytes of texts, as the recipe's tokenizer gives them by default."""
    return plain(load(), texts)


def packed(drawn: list[list[int]], fragments: bool = False) -> pa.Table:
    """Contexts of whole documents of these lengths (or of what follows their third token), which all see each other."""
    flat = [(c, p, size) for c, context in enumerate(drawn) for p, size in enumerate(context)]
    begin = 3 if fragments else 0
    table = pieces(
        context_id=[c for c, _, _ in flat],
        position=[p for _, p, _ in flat],
        doc_id=pa.array([10**18 + 7 * i for i in range(len(flat))], pa.uint64()),
        copy=[i % 2 for i in range(len(flat))],
        start=[begin] * len(flat),
        stop=[begin + size for _, _, size in flat],
    )
    return repositioned(table)


def documents_of(table: pa.Table, **columns: Any) -> pa.Table:
    """The documents that contexts hold to their ends, with their lengths."""
    stops: dict[int, int] = {}
    for doc_id, stop in zip(table["doc_id"].to_pylist(), table["stop"].to_pylist(), strict=True):
        if doc_id is not None:
            stops[doc_id] = max(stops.get(doc_id, 0), stop)
    return pa.table({"doc_id": pa.array(list(stops), pa.uint64()), "tokens": list(stops.values()), **columns})


def items(drawn: list[int]) -> pa.Table:
    """Documents of these lengths as contexts of their own."""
    ids = pa.array([10**18 + 7 * i for i in range(len(drawn))], pa.uint64())
    return one_each(pa.table({"doc_id": ids, "copy": [0] * len(drawn), "tokens": drawn}))


def tokens(table: pa.Table) -> list[list[Any]]:
    """Each context's tokens: (document, which) for those of documents, ids for inserted ones."""
    found: dict[int, list[Any]] = {}
    for row in table.to_pylist():
        span = [(row["doc_id"], i) for i in range(row["start"], row["stop"])]
        found.setdefault(row["context_id"], []).extend(span if row["inserted"] is None else row["inserted"])
    return list(found.values())


def per_token(table: pa.Table, name: str) -> list[list[Any]]:
    """A column of pieces written out for each token, context by context."""
    values = np.repeat(table[name].to_numpy(zero_copy_only=False), lengths(table))
    sizes = np.add.reduceat(lengths(table), firsts(table)[:-1]) if table.num_rows else np.zeros(0, int)
    return [part.tolist() for part in np.split(values, np.cumsum(sizes)[:-1])] if len(sizes) else []


def position_ids(table: pa.Table) -> list[list[int]]:
    """The position id of each token, context by context."""
    found: dict[int, list[int]] = {}
    for context, offset, size in zip(
        table["context_id"].to_pylist(), table["position_offset"].to_pylist(), lengths(table).tolist(), strict=True
    ):
        found.setdefault(context, []).extend(range(offset, offset + size))
    return list(found.values())


def settled(table: pa.Table) -> pa.Table:
    """Contexts with their documents by id: for transforms that shuffle documents, whose order cannot be known after."""
    order = np.lexsort([table["start"].to_numpy(), table["doc_id"].to_numpy(), table["context_id"].to_numpy()])
    return repositioned(table.take(pa.array(order))).drop_columns(["position"])


def valid(table: pa.Table) -> pa.Table:
    """The table, if it is one of pieces: sorted, numbered without gaps, none empty, nothing missing."""
    assert table.schema.equals(PIECES)
    context, position = table["context_id"].to_numpy(), table["position"].to_numpy()
    assert sorted(zip(context, position, strict=True)) == list(zip(context, position, strict=True))
    assert sorted(set(context.tolist())) == list(range(len(set(context.tolist()))))
    starts = firsts(table)
    assert all(position[a:b].tolist() == list(range(b - a)) for a, b in pairwise(starts))
    assert (lengths(table) > 0).all()
    for name in PIECES.names:
        assert name in ("doc_id", "copy", "inserted") or table[name].null_count == 0, name
    return table
