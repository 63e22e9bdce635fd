"""Tar files of NumPy arrays and JSON, a few members per context, as WebDataset streams them.

A member costs 512 bytes and what fills its last block: many short contexts make large files.
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from tasks.pack._segments import Integers
from tasks.write._expand import expand, flat, offsets_of

FILES = ("{}.tar",)
CONTENTS = ("contexts",)
NOTE = {
    "carries": "Everything: per context KEY.tokens.npy and KEY.json, which has per piece its document, loss weight, "
    "position ids and attention; with 'expand: true' loss_weights.npy, position_ids.npy, segment_ids.npy and "
    "causal.npy per token. The key is the context's number.",
    "loses": "Nothing.",
    "trainer": "WebDataset(sorted(files), shardshuffle=False) without .shuffle(). Files, not contexts, are split over "
    "nodes and workers, and workers take turns: for the exact order use one worker per reader and split by node only.",
}
PER_TOKEN = ("loss_weights", "position_ids", "segment_ids", "causal")
KEY = "{:012d}"


def webdataset(batches: Iterable[pa.RecordBatch], path: Path, *, expand: bool = False) -> None:
    """Write a tar file of a few members per context, the same bytes for the same contexts; ``expand``: per token too.

    Ids of documents are strings in the JSON, because many readers hold numbers as doubles.

    Source: https://github.com/webdataset/webdataset; POSIX.1-1988 (ustar).
    """
    with path.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for batch in batches:
            for name, data in _members(batch, expand):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                tar.addfile(entry, io.BytesIO(data))


def _members(batch: pa.RecordBatch, per_token: bool) -> Iterator[tuple[str, bytes]]:
    arrays = {"tokens": (flat(batch["tokens"]), offsets_of(batch["tokens"]))}
    if per_token:
        found = expand(batch)
        arrays |= {name: (getattr(found, name), found.offsets) for name in PER_TOKEN}
    rows = batch.drop_columns(["tokens"]).to_pylist()
    for i, row in enumerate(rows):
        key = KEY.format(row["context_id"])
        row["doc_ids"] = [str(doc_id) for doc_id in row["doc_ids"]]
        yield f"{key}.json", orjson.dumps(row)
        for name, (values, offsets) in arrays.items():
            yield f"{key}.{name}.npy", _npy(values[offsets[i] : offsets[i + 1]])


def _npy(values: Integers) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, values, version=(1, 0))
    return file.getvalue()
