"""Training on every format: the same masked, weighted loss as straight from the segments and the texts."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import RecipeError
from tasks.ledger import Ledger
from tasks.resolve import parse
from tasks.transform._pieces import PIECES, attending, context_lengths, firsts, pieces, replaced
from tests import trainers
from tests.small import digests, run_here
from tests.trainers import Context
from tests.units.write.corpus import Corpus, corpus, export, segments_of

README = Path(__file__).parents[2] / "README.md"
LENGTH, FULL, VOCABULARY, WIDTH = 96, 112, 320, 6
FORMATS: dict[str, dict[str, dict[str, Any]]] = {
    "per piece": {"parquet": {}, "jsonl": {}, "mds": {}, "megatron": {}, "numpy_tokens": {}, "webdataset": {}},
    "per token": {
        "parquet": {"expand": True},
        "mds": {"expand": True},
        "megatron": {"sequences": "segment"},
        "numpy_tokens": {"extension": "ds"},
        "webdataset": {"expand": True},
    },
}
CASES = [(kind, name) for kind, formats in FORMATS.items() for name in formats]


def whole(i: int) -> str:
    return "".join(f"line {j} of text {i}, é\n" for j in range(i % 17))


def varied(segments: pa.Table) -> pa.Table:
    """Give contexts all that transforms may: markers, masks, weights, shifted positions, inputs that see ahead."""
    draw = np.random.default_rng(1)
    rows = []
    for row in segments.to_pylist():
        if draw.random() < 0.4 and row["position"] < 4:
            marker = {"inserted": [300, row["context_id"] % 7], "role": "marker", "loss_weight": 0.0}
            rows.append({**row, **marker, "stop": row["start"], "doc_id": None, "copy": None})
        rows.append({**row, "loss_weight": float(draw.choice([0.0, 1.0, 1 / 3])), "causal": bool(draw.random() < 0.8)})
    table = pa.Table.from_pylist(rows, PIECES)
    per_context = np.diff(firsts(table))
    table = replaced(table, position=np.concatenate([np.arange(n) for n in per_context]))
    by_document, by_context = attending(table, "document"), attending(table, "context")
    some = table["context_id"].to_numpy() % 3 == 0
    shift = np.where(some, 1000, 0)
    columns = {
        name: np.where(some, by_context[name].to_numpy(), by_document[name].to_numpy())
        for name in ("attention", "position_offset")
    }
    return replaced(table, **columns | {"position_offset": columns["position_offset"] + shift})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return corpus(tmp_path_factory.mktemp("corpus"), 3, found=[whole(i) for i in range(60)])


@pytest.fixture(scope="module")
def segments(made: Corpus) -> pa.Table:
    table = varied(segments_of(made, LENGTH))
    assert context_lengths(table).max() <= FULL
    return table


@pytest.fixture(scope="module")
def releases(made: Corpus, segments: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for kind, formats in FORMATS.items():
        given = {name: {**settings, "full_context": FULL} for name, settings in formats.items()}
        folder = tmp_path_factory.mktemp(kind.replace(" ", "-"))
        rows = export(made, segments, folder, file_bytes=8_000, formats=given)
        assert len({row["path"] for row in rows if row["path"].startswith("mds/contexts")}) > 2
        found[kind] = folder / "release"
    return found


@pytest.fixture(scope="module")
def reference(made: Corpus, segments: pa.Table) -> list[Context]:
    return contexts_of(segments, made.texts)


def contexts_of(segments: pa.Table, texts: dict[int, str]) -> list[Context]:
    """Build contexts token by token from the table and the texts."""
    found: dict[int, list[tuple[int, float, int, int, bool]]] = {}
    for row in segments.to_pylist():
        context = found.setdefault(row["context_id"], [])
        tokens = row["inserted"]
        if tokens is None:
            tokens = [*texts[row["doc_id"]].encode(), 256][row["start"] : row["stop"]]
        for k, token in enumerate(tokens):
            alone = not context or context[-1][3] != row["attention"]
            weight = 0.0 if alone else row["loss_weight"]
            context.append((token, weight, row["position_offset"] + k, row["attention"], row["causal"]))
    return [Context(*map(np.array, zip(*found[i], strict=True))) for i in range(len(found))]


def test_the_readme_reads_contexts_as_trainers_do(
    releases: dict[str, Path], reference: list[Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    [example] = re.findall(r"```python\n(import glob.*?)```", README.read_text("utf-8"), re.DOTALL)
    found: list[Context] = []
    read = f"{example}        found.append((row['tokens'], weights, positions, segments))\n"
    exec(read.replace("DIR/releases/NAME-ID", str(releases["per piece"])), {"found": found})
    assert len(found) == len(reference)
    for context, expected in zip(found, reference, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(context, expected[:4], strict=True))


def model() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    shapes = {"embed": (VOCABULARY, WIDTH), "query": (WIDTH, WIDTH), "key": (WIDTH, WIDTH), "out": (WIDTH, VOCABULARY)}
    return {name: draw.normal(size=shape) for name, shape in shapes.items()}


def sights(context: Context) -> np.ndarray:
    """Return which token (row) sees which."""
    at = np.arange(len(context.tokens))
    ahead = ~(context.causal[:, None] | context.causal[None])
    return (context.segments[:, None] == context.segments[None]) & ((at[:, None] >= at[None]) | ahead)


def loss_numpy(contexts: list[Context]) -> float:
    given, total, weights = model(), 0.0, 0.0
    for context in contexts:
        angle = context.positions[:, None] * np.array([1, 0.1, 0.01])
        x = given["embed"][context.tokens] + np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
        score = np.where(sights(context), (x @ given["query"]) @ (x @ given["key"]).T, -1e30)
        share = np.exp(score - score.max(axis=1, keepdims=True))
        logits = (share / share.sum(axis=1, keepdims=True) @ x) @ given["out"]
        top = logits.max(axis=1)
        surprise = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        surprise = surprise[:-1] - logits[np.arange(len(logits) - 1), context.tokens[1:]]
        total += float((surprise * context.weights[1:]).sum())
        weights += float(context.weights[1:].sum())
    return total / weights


def loss_torch(contexts: list[Context], batch_size: int = 5) -> float:
    """A loop such as a trainer's: batches of padded contexts, attention with a mask, weighted cross-entropy."""
    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader

    given = {name: torch.from_numpy(values) for name, values in model().items()}

    def collate(batch: list[Context]) -> dict[str, Any]:
        length = max(len(context.tokens) for context in batch)
        filled = {
            name: torch.stack(
                [torch.from_numpy(np.pad(getattr(c, name).astype(float), (0, length - len(c.tokens)))) for c in batch]
            )
            for name in ("tokens", "weights", "positions")
        }
        mask = torch.eye(length, dtype=torch.bool).repeat(len(batch), 1, 1)
        for i, context in enumerate(batch):
            size = len(context.tokens)
            mask[i, :size, :size] = torch.from_numpy(sights(context))
        return {**filled, "mask": mask}

    total = weights = torch.zeros((), dtype=torch.float64)
    for batch in DataLoader(contexts, batch_size=batch_size, shuffle=False, collate_fn=collate):  # type: ignore[arg-type]
        tokens = batch["tokens"].long()
        angle = batch["positions"][..., None] * torch.tensor([1, 0.1, 0.01], dtype=torch.float64)
        x = given["embed"][tokens] + torch.cat([angle.sin(), angle.cos()], dim=-1)
        seen = functional.scaled_dot_product_attention(
            x @ given["query"], x @ given["key"], x, attn_mask=batch["mask"], scale=1.0
        )
        logits = seen @ given["out"]
        surprise = functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        weight = batch["weights"][:, 1:].flatten()
        total, weights = total + (surprise * weight).sum(), weights + weight.sum()
    return float(total / weights)


def unpadded(context: Context, size: int) -> Context:
    return Context(*(values[:size] for values in context))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_format_gives_the_loss_of_the_segments(
    kind: str, name: str, releases: dict[str, Path], reference: list[Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = getattr(trainers, name)(releases[kind] / name)
    assert len(found) == len(reference)
    for context, expected in zip(found, reference, strict=True):
        size = len(expected.tokens)
        assert not context.weights[size:].any()
        assert len(context.tokens) == (FULL if name in ("megatron", "numpy_tokens") else size)
        for values, wanted in zip(unpadded(context, size), expected, strict=True):
            assert np.allclose(values, wanted, rtol=1e-7)
        assert size == len(context.tokens) or context.segments[size:].min() > expected.segments.max()
    expected_loss = loss_numpy(reference)
    assert loss_numpy(found) == pytest.approx(expected_loss, rel=1e-6)
    if importlib.util.find_spec("torch"):
        assert loss_torch(found) == pytest.approx(expected_loss, rel=1e-6)


def test_the_loss_sees_every_array(reference: list[Context]) -> None:
    pytest.importorskip("torch")
    right = loss_numpy(reference)
    assert loss_torch(reference) == pytest.approx(right, rel=1e-9)
    for name in Context._fields:
        changed = [c._replace(**{name: np.roll(getattr(c, name), 1)}) for c in reference]
        assert abs(loss_numpy(changed) - right) > 1e-4 * right, name


RECIPE = """
name: formats
sources: {some: {path: 0.jsonl}, others: {path: "[12].jsonl"}}
steps:
  - pack: {best_fit: {context_length: 128}}
export: [parquet, jsonl, {mds: {expand: true}}, {megatron: {sequences: segment}}, numpy_tokens, webdataset]
"""


@pytest.mark.filterwarnings("ignore")
def test_a_run_gives_all_formats_of_one_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for i in range(3):
        lines = [json.dumps({"id": str(k), "text": whole(k) + str(k)}) for k in range(i, 90, 3)]
        (tmp_path / f"{i}.jsonl").write_text("\n".join(lines))
    release = run_here(tmp_path, tmp_path / "a", recipe=RECIPE)
    assert digests(release) == digests(run_here(tmp_path, tmp_path / "b", recipe=RECIPE, partitions=3))
    documents = pq.read_table(next((release / "parquet").glob("documents-*")), columns=["doc_id", "text"]).to_pylist()
    with Ledger.published(release / "ledger.duckdb") as ledger:
        segments = ledger.table("SELECT * FROM segments ORDER BY context_id, position")
    expected = contexts_of(segments, {row["doc_id"]: row["text"] for row in documents})
    right = loss_numpy(expected)
    manifest = json.loads((release / "manifest.json").read_text())
    for name, note in manifest["formats"].items():
        found = getattr(trainers, name)(release / name)
        assert loss_numpy(found) == pytest.approx(right, rel=1e-6), name
        assert set(note) == {"carries", "loses", "trainer"} and all(note.values())
    assert len(manifest["formats"]) == 6
    assert "add\\_extra\\_token\\_to\\_sequence=False" in (release / "card.md").read_text()


def test_formats_of_contexts_need_a_pack_step() -> None:
    with pytest.raises(RecipeError, match="mds holds contexts, and there are none without a pack step"):
        parse("name: x\nsources: {a: {path: a.jsonl}}\nexport: [parquet, mds]\n")


def plain(made: Corpus) -> pa.Table:
    """Contexts as packed, each document alone: what formats without weights can carry too."""
    packed = segments_of(made, LENGTH)
    return attending(pieces(**{name: packed[name] for name in packed.column_names}), "document")


def through(library: str, folder: Path, out: Path) -> dict[str, list[np.ndarray]]:
    """Read with a trainer's own library, here or in the environment whose Python GRISTMILL_TRAINERS names."""
    python = os.environ.get("GRISTMILL_TRAINERS")
    root = library.partition(".")[0]
    if not python and importlib.util.find_spec(root) is None:
        pytest.skip(f"{root} is not installed; GRISTMILL_TRAINERS names a Python that has it")
    command = [python or sys.executable, trainers.__file__, library, str(folder), str(LENGTH), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    held = np.load(out)
    names = [name for name in held.files if not name.endswith("_lengths")]
    return {name: np.split(held[name], np.cumsum(held[f"{name}_lengths"])[:-1]) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "name", "settings"),
    [
        ("streaming", "mds", {}),
        ("megatron.core", "megatron", {}),
        ("megatron.core", "megatron", {"sequences": "segment"}),
        ("olmo_core", "numpy_tokens", {}),
        ("datatrove", "numpy_tokens", {"extension": "ds"}),
    ],
)
def test_the_library_of_the_trainer_reads_the_contexts(
    library: str, name: str, settings: dict[str, Any], made: Corpus, tmp_path: Path
) -> None:
    segments = plain(made)
    given = {name: {**settings, "full_context": LENGTH}}
    export(made, segments, tmp_path, file_bytes=8_000, formats=given)
    found = through(library, tmp_path / "release" / name, tmp_path / "found.npz")
    expected = contexts_of(segments, made.texts)
    assert len(found["tokens"]) == len(expected)
    for i, context in enumerate(expected):
        size = len(context.tokens)
        tokens = np.pad(context.tokens, (0, LENGTH - size)) if name != "mds" else context.tokens
        assert found["tokens"][i].tolist() == tokens.tolist()
        if "labels" in found:
            assert found["labels"][i][:-1].tolist() == tokens[1:].tolist()
        if "mask" in found:
            assert found["mask"][i][:size].tolist() == (context.weights > 0).tolist()
            assert not found["mask"][i][size:].any()
        for field in {"positions", "weights", "segments", "causal"} & set(found):
            assert np.array_equal(found[field][i][:size], getattr(context, field))
