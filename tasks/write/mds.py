"""Mosaic data shards (MDS) and their index, as MosaicML's StreamingDataset reads them.

Written from the format's published layout, without the library, which asks for torch and five cloud clients. Shards
are not compressed: a loader seeks in them.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.errors import UnitError
from tasks.pack._segments import Integers
from tasks.write._expand import expand, flat, offsets_of

FILES = ("{}.mds",)
CONTENTS = ("contexts",)
NOTE = {
    "carries": "Everything: tokens, and per piece its document, loss weight, position ids and attention; with "
    "'expand: true' loss weights, position ids and segment ids per token. The order of the contexts, across shards.",
    "loses": "Nothing.",
    "trainer": "StreamingDataset(local=FOLDER, shuffle=False, num_canonical_nodes=1, batch_size=N): with more "
    "canonical nodes each begins at its own place in the order.",
}
SHAPES = (np.uint8, np.uint16, np.uint32)
LARGEST = (1 << 32) - 1
INDEX = "index.json"
PER_TOKEN = ("loss_weights", "position_ids", "segment_ids", "causal")
REPLACED = ("loss_weights", "position_offsets", "attentions", "causals")  # by columns per token


def mds(batches: Iterable[pa.RecordBatch], path: Path, *, expand: bool = False) -> None:
    """Write one shard: a sample per context, columns of NumPy arrays; ``expand`` writes masks and ids per token.

    Columns: ``tokens``; per piece ``doc_ids``, ``copies``, ``starts``, ``lengths``, ``roles`` (JSON), and
    ``loss_weights``, ``position_offsets``, ``attentions``, ``causals`` (0 or 1), or instead per token
    ``loss_weights``, ``position_ids``, ``segment_ids``, ``causal``. Raises UnitError beyond 4 GiB, which is all that
    the offsets of a shard can reach.

    Source: https://docs.mosaicml.com/projects/streaming (dataset format).
    """
    samples: list[bytes] = []
    config = b""
    for batch in batches:
        columns = dict(sorted(_columns(batch, expand).items()))
        config = config or _config(columns)
        samples += _samples(columns)
    head = 4 + 4 * (len(samples) + 1) + len(config)
    ends = head + np.concatenate([[0], np.cumsum([len(sample) for sample in samples], dtype=np.int64)])
    if not samples or ends[-1] > LARGEST:
        raise UnitError(f"{path.name} would have {len(samples)} contexts in {ends[-1]} bytes; a shard has up to 4 GiB")
    with path.open("wb") as file:
        file.write(np.uint32(len(samples)).tobytes() + ends.astype("<u4").tobytes() + config)
        file.writelines(samples)


def _columns(batch: pa.RecordBatch, per_token: bool) -> dict[str, tuple[str, list[bytes]]]:
    """Return the columns by name: encoding, and each sample's bytes."""
    columns: dict[str, tuple[str, list[bytes]]] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if per_token and name in REPLACED:
            continue
        if name == "roles":
            columns[name] = ("json", [json.dumps(roles).encode() for roles in column.to_pylist()])
        elif pa.types.is_list(column.type):
            columns[name] = _arrays(flat(column), offsets_of(column))
        else:
            values = column.to_numpy().astype("<i8")
            columns[name] = ("int", [value.tobytes() for value in values])
    if per_token:
        tokens = expand(batch)
        columns |= {name: _arrays(getattr(tokens, name), tokens.offsets) for name in PER_TOKEN}
    return columns


def _arrays(values: Integers, offsets: Integers) -> tuple[str, list[bytes]]:
    """Encode slices of one array: a byte for one dimension and the width of its size, the size, the values."""
    values = values.view(np.uint8) if values.dtype == bool else values
    data, width = values.tobytes(), values.itemsize
    cuts = (offsets * width).tolist()
    found = []
    for i, size in enumerate(np.diff(offsets).tolist()):
        kind = 0 if size < 1 << 8 else 1 if size < 1 << 16 else 2
        found.append(bytes([1 << 2 | kind]) + SHAPES[kind](size).tobytes() + data[cuts[i] : cuts[i + 1]])
    return f"ndarray:{values.dtype.name}", found


def _samples(columns: dict[str, tuple[str, list[bytes]]]) -> Iterator[bytes]:
    """Yield samples: the sizes of the columns that have none of their own, then all columns."""
    free = [name for name, (encoding, _) in columns.items() if encoding != "int"]
    sizes = np.array([[len(value) for value in columns[name][1]] for name in free], "<u4").T
    for head, values in zip(sizes, zip(*(found for _, found in columns.values()), strict=True), strict=True):
        yield b"".join((head.tobytes(), *values))


def _config(columns: dict[str, tuple[str, list[bytes]]]) -> bytes:
    encodings = [encoding for encoding, _ in columns.values()]
    config = {
        "version": 2,
        "format": "mds",
        "compression": None,
        "hashes": [],
        "size_limit": None,
        "column_names": list(columns),
        "column_encodings": encodings,
        "column_sizes": [8 if encoding == "int" else None for encoding in encodings],
    }
    return json.dumps(config, sort_keys=True).encode()


def finish(folder: Path, files: list[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield the index of all shards, which the loader asks for first."""
    shards = [_shard(file) for file in files]
    yield folder / INDEX, json.dumps({"version": 2, "shards": shards}, sort_keys=True).encode()


def _shard(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        samples = int(np.frombuffer(file.read(4), "<u4")[0])
        first = int(np.frombuffer(file.read(4), "<u4")[0])
        begin = 4 + 4 * (samples + 1)
        file.seek(begin)
        config = json.loads(file.read(first - begin))
    raw = {"basename": path.name, "bytes": path.stat().st_size, "hashes": {}}
    return {**config, "samples": samples, "raw_data": raw, "zip_data": None}
