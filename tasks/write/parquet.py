"""Parquet files, zstd."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import UnitError
from schemas.recipe import ZstdLevel
from tasks.write._expand import expand as expanded
from tasks.write._expand import flat

FILES = ("{}.parquet",)
NOTE = {
    "carries": "Everything: contexts with their tokens, and per piece its document, loss weight, position ids and "
    "attention; with 'expand: true' input_ids, labels (-100 where there is no loss), loss_weights, position_ids, "
    "segment_ids, causal and cu_seqlens, ready to train with.",
    "loses": "Nothing.",
    "trainer": "datasets.load_dataset('parquet', data_files=sorted(files), split='train') keeps the order of rows; "
    "the Trainer of transformers draws at random: give it a SequentialSampler (override _get_train_sampler), or a "
    "streaming data set, without .shuffle().",
}
IGNORED = -100  # the label that losses leave out
REPLACED = ("tokens", "loss_weights", "position_offsets", "attentions", "causals")
REPEATING = ("source", "domain", "created", "declared_language", "license", "copy", "weight")


def parquet(
    batches: Iterable[pa.RecordBatch], path: Path, *, compression_level: ZstdLevel = 3, expand: bool = False
) -> None:
    """Write Parquet with zstd, one row group per batch.

    ``expand`` writes contexts as trainers take them: ``input_ids``, ``labels``, ``loss_weights``, ``position_ids``,
    ``segment_ids`` and ``causal`` per token, and ``cu_seqlens``, where segments begin and end.

    The file holds neither date nor host: the same batches and library give the same bytes. Only columns of single
    values have statistics. Raises UnitError when there is no batch.

    Source: https://parquet.apache.org/docs/file-format/
    """
    stream = (_per_token(batch) if expand and "attentions" in batch.schema.names else batch for batch in batches)
    first = next(stream, None)
    if first is None:
        raise UnitError(f"nothing to write to {path.name}")
    with pq.ParquetWriter(path, first.schema, compression_level=compression_level, **_options(first.schema)) as file:
        file.write_batch(first)
        for batch in stream:
            file.write_batch(batch)


def _per_token(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return contexts with columns per token in place of those per piece."""
    found, ids = expanded(batch), flat(batch["tokens"])
    ends = pa.array(found.offsets.astype(np.int32))
    counts = np.diff(found.firsts) + 1
    at = np.concatenate([[0], np.cumsum(counts)])
    inside = np.arange(at[-1]) - np.repeat(at[:-1] - found.firsts[:-1], counts)
    bounds = (found.bounds[inside] - np.repeat(found.offsets[:-1], counts)).astype(np.int32)
    arrays = {
        "input_ids": (ends, ids),
        "labels": (ends, np.where(found.loss_weights > 0, ids.astype(np.int32), IGNORED)),
        "loss_weights": (ends, found.loss_weights),
        "position_ids": (ends, found.position_ids),
        "segment_ids": (ends, found.segment_ids),
        "causal": (ends, found.causal),
        "cu_seqlens": (pa.array(at.astype(np.int32)), bounds),
    }
    lists = {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, (offsets, values) in arrays.items()}
    kept = {name: batch[name] for name in batch.schema.names if name not in REPLACED}
    return pa.RecordBatch.from_pydict(kept | lists)


def _options(schema: pa.Schema) -> dict[str, object]:
    lists = [f"{f.name}.list.{f.type.value_field.name}" for f in schema if pa.types.is_list(f.type)]
    single = [f.name for f in schema if not pa.types.is_list(f.type) and f.name not in ("text", "metadata")]
    tokens = [name for name in lists if name.startswith(("tokens.", "input_ids.", "labels."))]
    counting = [name for name in lists if name.startswith(("position_ids.", "cu_seqlens."))]
    repeating = [name for name in lists if name not in (*tokens, *counting)] + [
        name for name in REPEATING if name in schema.names
    ]
    return {
        "compression": "zstd",
        "version": "2.6",
        "use_dictionary": repeating,
        "use_byte_stream_split": tokens,
        "column_encoding": dict.fromkeys(counting, "DELTA_BINARY_PACKED") or None,
        "write_statistics": single,
    }
