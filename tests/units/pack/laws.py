"""What holds for every packing, and small inputs to hold it against."""

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

LENGTHS = st.lists(st.integers(1, 40), max_size=60)
LIMITS = st.integers(1, 24)


def occurrences(lengths: list[int]) -> pa.Table:
    """Documents in order; every third is one more copy of the one before, and identities do not follow the order."""
    rows = range(len(lengths))
    return pa.table(
        {
            "doc_id": pa.array([(2**64 - 1) - (i - (i % 3 == 2)) * 7 for i in rows], pa.uint64()),
            "copy": pa.array([int(i % 3 == 2) for i in rows], pa.int32()),
            "tokens": pa.array(lengths, pa.int64()),
            "source": pa.array(["ab"[i % 2] for i in rows], pa.string()),
        }
    )


def assert_whole(segments: pa.Table, documents: pa.Table, context_length: int) -> None:
    """Every token of every occurrence once, no context over its length, contexts and positions numbered from 0."""
    rows = segments.to_pylist()
    seen: dict[tuple[int, int], list[int]] = {}
    contexts: dict[int, int] = {}
    for row in rows:
        seen.setdefault((row["doc_id"], row["copy"]), []).extend(range(row["start"], row["stop"]))
        contexts[row["context_id"]] = contexts.get(row["context_id"], 0) + row["stop"] - row["start"]
    expected = {(d["doc_id"], d["copy"]): list(range(d["tokens"])) for d in documents.to_pylist()}
    assert {key: sorted(tokens) for key, tokens in seen.items()} == expected
    assert max(contexts.values(), default=0) <= context_length
    assert sorted(contexts) == list(range(len(contexts)))
    places = [(row["context_id"], row["position"]) for row in rows]
    counts = np.bincount([c for c, _ in places]).tolist() if places else []
    assert places == [(c, p) for c, count in enumerate(counts) for p in range(count)]


def contents(segments: pa.Table) -> list[tuple[tuple[int, int, int, int], ...]]:
    """What each context holds, in order, without its number."""
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    for row in segments.to_pylist():
        found.setdefault(row["context_id"], []).append((row["doc_id"], row["copy"], row["start"], row["stop"]))
    return [tuple(found[context]) for context in sorted(found)]
