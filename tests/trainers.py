"""How trainers read each format: with what they read it with, or by hand from the format's published layout.

Nothing here is of Gristmill, so that the libraries can be those of another environment, where they pin other versions
than ours: the file runs alone, `python trainers.py FORMAT FOLDER LENGTH OUT.npz`. Each reader returns contexts in the
order in which a trainer gets them.
"""

import json
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Context(NamedTuple):
    """What training on a context takes, per token: id, weight as a target, position id, segment, is it causal."""

    tokens: Array
    weights: Array
    positions: Array
    segments: Array
    causal: Array


def of_pieces(tokens: Any, lengths: Any, weights: Any, offsets: Any, attentions: Any, causals: Any) -> Context:
    """Repeat what is known of pieces for each of their tokens; the first token of a segment is no target."""
    size = np.asarray(lengths)
    segments = np.repeat(np.asarray(attentions), size)
    weight = np.repeat(np.asarray(weights, float), size)
    weight[np.append(True, np.diff(segments) != 0)] = 0
    positions = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size - np.asarray(offsets), size)
    return Context(
        np.asarray(tokens).astype(int), weight, positions, segments, np.repeat(np.asarray(causals, bool), size)
    )


def of_row(row: dict[str, Any]) -> Context:
    """Return the context of a row with values per piece, or per token."""
    if "position_ids" in row:
        tokens = row["input_ids"] if "input_ids" in row else row["tokens"]
        rest = (row[name] for name in ("loss_weights", "position_ids", "segment_ids", "causal"))
        return Context(np.asarray(tokens).astype(int), *map(np.asarray, rest))
    per_piece = ("lengths", "loss_weights", "position_offsets", "attentions", "causals")
    return of_pieces(row["tokens"], *(row[name] for name in per_piece))


def beside(folder: Path, name: str, tokens: Array) -> list[Context]:
    """Return contexts of a file of nothing but tokens, with what lies in the file of pieces beside it."""
    pieces = np.load(folder / "pieces" / f"{name}.npy")
    begins = np.flatnonzero(np.diff(pieces["context_id"], prepend=-1))
    found, at = [], 0
    for group in np.split(pieces, begins[1:]):
        size = int(group["length"].sum())
        fields = ("length", "loss_weight", "position_offset", "attention", "causal")
        found.append(of_pieces(tokens[at : at + size], *(group[field] for field in fields)))
        at += size
    assert at == len(tokens)
    return found


def named(folder: Path, suffix: str) -> list[Path]:
    """Return a format's files of contexts in the order of their names."""
    return sorted(folder.glob(f"contexts-*{suffix}"))


def parquet(folder: Path) -> list[Context]:
    """Hugging Face datasets."""
    from datasets import load_dataset

    files = [str(path) for path in named(folder, ".parquet")]
    return [of_row(row) for row in load_dataset("parquet", data_files=files, split="train", cache_dir=folder.parent)]


def jsonl(folder: Path) -> list[Context]:
    """The standard library's JSON."""
    import zstandard

    lines = [line for path in named(folder, ".jsonl.zst") for line in zstandard.open(path, "rb").read().splitlines()]
    return [of_row(json.loads(line)) for line in lines]


def webdataset(folder: Path) -> list[Context]:
    """The webdataset package."""
    from webdataset import WebDataset

    def row(sample: dict[str, Any]) -> dict[str, Any]:
        arrays = {key.removesuffix(".npy"): value for key, value in sample.items() if key.endswith(".npy")}
        return {**sample["json"], **arrays}

    urls = [str(path) for path in named(folder, ".tar")]
    return [of_row(row(sample)) for sample in WebDataset(urls, shardshuffle=False).decode()]


def mds(folder: Path) -> list[Context]:
    """Mosaic data shards by their documented layout."""
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    return [of_row(row) for shard in index["shards"] for row in shard_rows(folder, shard)]


def shard_rows(folder: Path, shard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the samples of a shard: number of samples, offsets, columns, then each sample's sizes and values."""
    data = (folder / shard["raw_data"]["basename"]).read_bytes()
    assert len(data) == shard["raw_data"]["bytes"]
    (count,) = struct.unpack_from("<I", data)
    assert count == shard["samples"]
    offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
    for begin in offsets[:-1]:
        at = begin + 4 * shard["column_sizes"].count(None)
        sizes = iter(struct.unpack_from(f"<{shard['column_sizes'].count(None)}I", data, begin))
        row = {}
        for name, encoding, fixed in zip(
            shard["column_names"], shard["column_encodings"], shard["column_sizes"], strict=True
        ):
            size = fixed or next(sizes)
            row[name] = decoded(encoding, data[at : at + size])
            at += size
        yield row


def decoded(encoding: str, data: bytes) -> Any:
    """Decode one value of a sample."""
    if encoding == "int":
        return struct.unpack("<q", data)[0]
    if encoding == "json":
        return json.loads(data)
    width = 1 << (data[0] & 3)
    assert data[0] >> 2 == 1 and encoding.startswith("ndarray:")
    values = np.frombuffer(data[1 + width :], encoding.removeprefix("ndarray:"))
    assert len(values) == int.from_bytes(data[1 : 1 + width], "little")
    return values


def megatron(folder: Path) -> list[Context]:
    """Token files with an index by their documented layout, cut by the sequences and documents of the index."""
    found = []
    for path in named(folder, ".idx"):
        data = path.read_bytes()
        magic, version, code, sequences, documents = struct.unpack_from("<9sQBQQ", data)
        assert (magic, version) == (b"MMIDIDX\0\0", 1)
        sizes = np.frombuffer(data, "<i4", sequences, 34)
        pointers = np.frombuffer(data, "<i8", sequences, 34 + 4 * sequences)
        bounds = np.frombuffer(data, "<i8", documents, 34 + 12 * sequences)
        assert 34 + 12 * sequences + 8 * documents == len(data)
        kind = np.dtype({8: "<u2", 4: "<i4"}[code])
        tokens = np.fromfile(path.with_suffix(".bin"), kind)
        assert (pointers == (np.cumsum(sizes) - sizes) * kind.itemsize).all() and sizes.sum() == len(tokens)
        contexts = beside(folder, path.stem, tokens)
        ends = np.append(0, np.cumsum(sizes))[bounds]
        assert ends.tolist() == np.cumsum([0, *(len(context.tokens) for context in contexts)]).tolist()
        if len(bounds) <= len(sizes):
            assert (np.cumsum(sizes) == segment_ends(contexts)).all()
        found += contexts
    return found


def segment_ends(contexts: list[Context]) -> Array:
    """Return where segments end, in tokens of the file."""
    changes = [np.append(np.diff(context.segments) != 0, True) for context in contexts]
    return np.flatnonzero(np.concatenate(changes)) + 1


def numpy_tokens(folder: Path) -> list[Context]:
    """Flat files, mapped into memory; the mask and the ends of segments must say what the pieces say."""
    found = []
    for path in [*named(folder, ".npy"), *named(folder, ".ds")]:
        contexts = beside(folder, path.stem, np.memmap(path, np.uint16, "r"))
        mask = np.fromfile(folder / "label_mask" / f"{path.stem}.npy", bool)
        assert (mask == np.concatenate([context.weights > 0 for context in contexts])).all()
        ends = np.fromfile(f"{path}.index", "<u8")
        assert (ends == segment_ends(contexts)).all()
        found += contexts
    return found


def streaming(folder: Path, length: int) -> dict[str, list[Array]]:
    """MosaicML's own loader."""
    from streaming import StreamingDataset

    dataset = StreamingDataset(local=str(folder), shuffle=False, num_canonical_nodes=1, batch_size=1)
    contexts = [of_row(row) for row in dataset]
    return {name: [getattr(context, name) for context in contexts] for name in Context._fields}


def megatron_core(folder: Path, length: int) -> dict[str, list[Array]]:
    """Megatron's own data set of fixed-length samples, with its permutations replaced as the note says."""
    from types import SimpleNamespace

    from megatron.core.datasets import gpt_dataset, helpers
    from megatron.core.datasets.indexed_dataset import IndexedDataset
    from megatron.core.datasets.utils import Split

    def in_order(documents: Array, epochs: int, *_: Any) -> Array:
        return np.tile(documents, epochs).astype(np.int32)

    gpt_dataset._build_document_index = in_order
    gpt_dataset._build_shuffle_index = lambda samples, total, _: np.arange(total, dtype=np.uint32)
    tokenizer = SimpleNamespace(eod=256, pad=-1, vocab_size=1000, unique_identifiers={"class": "bytes"})
    found: dict[str, list[Array]] = {"tokens": [], "labels": []}
    for path in named(folder, ".bin"):
        config = gpt_dataset.GPTDatasetConfig(
            random_seed=0,
            sequence_length=length,
            split="1,0,0",
            path_to_cache=str(folder / "cache"),
            tokenizer=tokenizer,
            reset_position_ids=False,
            reset_attention_mask=False,
            eod_mask_loss=False,
            create_attention_mask=False,
            add_extra_token_to_sequence=False,
        )
        held = IndexedDataset(str(path.with_suffix("")), multimodal=False)
        every = np.arange(len(held), dtype=np.int32)
        dataset = gpt_dataset.GPTDataset(held, str(path), every, None, Split.train, config)
        for i in range(len(dataset)):
            sample = dataset[i]
            found["tokens"].append(sample["tokens"].numpy())
            found["labels"].append(sample["labels"].numpy())
    assert helpers
    return found


def olmo_core(folder: Path, length: int) -> dict[str, list[Array]]:
    """OLMo-core's own data set of fixed-length instances."""
    from olmo_core.data import NumpyFSLDataset

    files = named(folder, ".npy")
    dataset = NumpyFSLDataset(
        *files,
        sequence_length=length,
        pad_token_id=0,
        eos_token_id=256,
        vocab_size=1000,
        dtype=np.uint16,
        label_mask_paths=[folder / "label_mask" / path.name for path in files],
    )
    dataset.prepare()
    rows = [dataset[i] for i in range(len(dataset))]
    return {
        "tokens": [row["input_ids"].numpy() for row in rows],
        "mask": [row["label_mask"].numpy() for row in rows],
    }


def datatrove(folder: Path, length: int) -> dict[str, list[Array]]:
    """The data set of datatrove, which nanotron reads with: one token more than its sequence length."""
    from datatrove.utils.dataset import DatatroveFolderDataset

    dataset = DatatroveFolderDataset(str(folder), length - 1, "*.ds", recursive=False, return_positions=True)
    rows = [dataset[i] for i in range(len(dataset))]
    return {
        "tokens": [row["input_ids"].numpy() for row in rows],
        "positions": [row["positions"].numpy() for row in rows],
    }


LIBRARIES = {
    "streaming": streaming,
    "megatron.core": megatron_core,
    "olmo_core": olmo_core,
    "datatrove": datatrove,
}


def main(arguments: Iterable[str]) -> None:
    """Read with a library and leave what it gave in an .npz file, joined, with the lengths."""
    library, folder, length, out = arguments
    found = LIBRARIES[library](Path(folder), int(length))
    sizes = {f"{name}_lengths": np.array([len(array) for array in arrays]) for name, arrays in found.items()}
    np.savez(out, **{name: np.concatenate(arrays) for name, arrays in found.items()}, **sizes)


if __name__ == "__main__":
    main(sys.argv[1:])
