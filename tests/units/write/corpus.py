"""A small corpus in parts, its order and its contexts, to export."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.pack.best_fit import best_fit
from tasks.tokenize import BYTES, TokenizerSpec, load
from tasks.transform._pieces import pieces
from tasks.write._gather import finished, gather, jobs
from tasks.write._plan import plan_export
from tasks.write._scatter import scatter
from tests.data import texts

HOSTILE = (
    "",
    "\x00",
    "\u2028\u2029\u0085\r\n",
    "\n\n",
    "\x1b\x7f",
    "é" * 3000,
    "日本語 עברית 👩‍👩‍👧‍👦 \U0010ffff",
    '"\\/{}[],',
)
FORMATS: dict[str, dict[str, Any]] = {"parquet": {}, "jsonl": {}}


@dataclass(frozen=True)
class Corpus:
    """Texts by identity, where they lie, and the order: each in ``places`` at its position."""

    texts: dict[int, str]
    parts: list[str]
    places: pa.Table


def corpus(folder: Path, parts: int, tokenizer: TokenizerSpec = BYTES, found: list[str] | None = None) -> Corpus:
    """Spread texts over ``parts`` files; the order, its copies and all sizes are the same for any number of files."""
    found = [text[:20_000] for text in texts(60)] + list(HOSTILE) if found is None else found
    ids = [(i * 0x9E3779B97F4A7C15 + 1) % 2**64 for i in range(len(found))]
    part = [i * parts // len(found) for i in range(len(found))]
    paths = [
        _write(folder / f"texts-{k}.parquet", [i for i, p in enumerate(part) if p == k], ids, found)
        for k in range(parts)
    ]
    kept = [i for i in np.random.default_rng(0).permutation(len(found)).tolist() if i % 5]
    order = [(i, 0) for i in kept] + [(i, 1) for i in kept[::3]]
    rows = [i for i, _ in order]
    lengths = load(tokenizer).lengths(pa.array(found, pa.large_string()))
    places = pa.table(
        {
            "position": pa.array(range(len(order)), pa.int64()),
            "doc_id": pa.array([ids[i] for i in rows], pa.uint64()),
            "copy": pa.array([copy for _, copy in order], pa.int32()),
            "part": pa.array([part[i] for i in rows], pa.int32()),
            "source": pa.array(["ab"[i % 2] for i in rows], pa.string()),
            "domain": pa.array(["abc"[i % 3] for i in rows], pa.string()),
            "id": pa.array([f"own {i}" for i in range(len(rows))], pa.string()),
            "url": pa.array(
                [f"https://example.org/{i}" if at > 20 else None for at, i in enumerate(rows)], pa.string()
            ),
            "created": pa.array(["2024-01-02" for _ in rows], pa.string()),
            "declared_language": pa.array(["en" for _ in rows], pa.string()),
            "license": pa.array(["CC0-1.0" for _ in rows], pa.string()),
            "weight": pa.array([1 + i / 7 for i in rows], pa.float64()),
            "bytes": pa.array([len(found[i].encode()) for i in rows], pa.int64()),
            "tokens": pa.array([int(lengths[i]) for i in rows], pa.int64()),
        }
    )
    return Corpus(dict(zip(ids, found, strict=True)), paths, places)


def _write(path: Path, rows: list[int], ids: list[int], found: list[str]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        "doc_id": pa.array([ids[i] for i in rows], pa.uint64()),
        "text": pa.array([found[i] for i in rows], pa.large_string()),
        "metadata": pa.array([f'{{"n":{i}}}' if i % 2 else None for i in rows], pa.string()),
    }
    pq.write_table(pa.table(columns), path, row_group_size=7)
    return str(path)


def segments_of(made: Corpus, context_length: int = 512) -> pa.Table:
    """Pack the order."""
    packed = best_fit(made.places, context_length=context_length)
    return pieces(**{name: packed[name] for name in packed.column_names})


def export(
    made: Corpus,
    segments: pa.Table | None,
    folder: Path,
    *,
    file_bytes: int = 100_000,
    tokenizer: TokenizerSpec = BYTES,
    formats: dict[str, dict[str, Any]] = FORMATS,
) -> list[dict[str, Any]]:
    """Run both halves of the export into ``folder``/release."""
    plan = plan_export(made.places, segments, file_bytes=file_bytes)
    shelves = [
        scatter(made.parts[part], share, str(folder / f"{part}.shelf"), tokenizer=tokenizer)
        for part, share in plan.shares.items()
    ]
    found = [gather(job, str(folder / "release"), formats=formats) for job in jobs(plan, shelves)]
    rows = [row for rows in found for row in rows]
    return rows + list(finished(folder / "release", formats, rows))
