"""Parquet files, zstd."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import UnitError

SUFFIX = ".parquet"
REPEATING = ("source", "domain", "created", "declared_language", "license", "copy", "weight")


def parquet(batches: Iterable[pa.RecordBatch], path: Path, *, compression_level: int = 3) -> None:
    """Write Parquet with zstd, one row group per batch.

    The file holds neither date nor host: the same batches and library give the same bytes. Only columns of single
    values have statistics. Raises UnitError when there is no batch.

    Source: https://parquet.apache.org/docs/file-format/
    """
    stream = iter(batches)
    first = next(stream, None)
    if first is None:
        raise UnitError(f"nothing to write to {path.name}")
    with pq.ParquetWriter(path, first.schema, compression_level=compression_level, **_options(first.schema)) as file:
        file.write_batch(first)
        for batch in stream:
            file.write_batch(batch)


def _options(schema: pa.Schema) -> dict[str, object]:
    lists = [f"{field.name}.list.element" for field in schema if pa.types.is_list(field.type)]
    single = [f.name for f in schema if not pa.types.is_list(f.type) and f.name not in ("text", "metadata")]
    tokens = [name for name in lists if name.startswith("tokens.")]
    repeating = [name for name in lists if name not in tokens] + [name for name in REPEATING if name in schema.names]
    return {
        "compression": "zstd",
        "version": "2.6",
        "use_dictionary": repeating,
        "use_byte_stream_split": tokens,
        "write_statistics": single,
    }
