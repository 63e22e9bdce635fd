"""Documents for tests of selection: tables of any shape, and what a person would do by hand."""

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

SOURCES = ("wiki", "web", "code")
TOPICS = ("law", "art", None)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Documents with doc_id, tokens, quality, source and topic."""
    schema = pa.schema(
        [("doc_id", pa.uint64()), ("tokens", pa.int64()), ("quality", pa.float64()), ("source", pa.string()),
         ("topic", pa.string())]
    )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema)


def many(count: int, seed: int = 0) -> pa.Table:
    """A table of ``count`` documents of three sources and three topics, of skewed lengths, some without a score."""
    random = np.random.default_rng(seed)
    return table(
        [
            {
                "doc_id": int(random.integers(1, 2**63)),
                "tokens": int(random.integers(1, 400)),
                "quality": None if random.random() < 0.05 else round(float(random.random()), 2),
                "source": str(random.choice(SOURCES, p=(0.6, 0.3, 0.1))),
                "topic": TOPICS[int(random.integers(3))],
            }
            for _ in range(count)
        ]
    )


rows = st.lists(
    st.fixed_dictionaries(
        {
            "tokens": st.integers(1, 50),
            "quality": st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
            "source": st.sampled_from(SOURCES),
            "topic": st.sampled_from(TOPICS),
        }
    ),
    max_size=30,
)
tables = rows.map(lambda found: table([{"doc_id": 7 + 1000 * k, **row} for k, row in enumerate(found)]))


def stratum_of(row: dict[str, Any], by: list[str]) -> tuple[str, ...]:
    """The values that a document is sorted by."""
    return tuple(row[name] or "unknown" for name in by)


def taken_by_hand(
    documents: pa.Table, by: list[str], quotas: dict[tuple[str, ...], int], ties: dict[int, int]
) -> set[int]:
    """The doc_ids that a person takes: in each stratum the best first, until its quota of tokens is there."""
    strata = defaultdict(list)
    for row in documents.to_pylist():
        if row["quality"] is not None:
            strata[stratum_of(row, by)].append(row)
    found = set()
    for path, members in strata.items():
        held = 0
        for row in sorted(members, key=lambda row: (-row["quality"], ties[row["doc_id"]])):
            if held < quotas[path]:
                found.add(row["doc_id"])
            held += row["tokens"]
    return found
