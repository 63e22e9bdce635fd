"""Transforms in a run: in every composition the laws hold, and the tokens in the files are those that they say."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import GristmillError, UnitError
from tasks import units
from tasks.ledger import Ledger
from tasks.stages.transform import check_promises
from tasks.tokenize import load, plain
from tests.small import run_here, write_corpus
from tests.units.transform.made import items

RECIPE = """
name: small
seed: 3
tolerance: 10
sources: {{notes: "notes/*.jsonl", code: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}}
steps:
  - filter: ["bytes >= 30"]
  - deduplicate: {{exact: {{}}}}
  - order: {order}
  - {before}
  - pack: {{{pack}: {{context_length: 2048}}, attention: {attention}}}
  - {after}
export: [parquet]
"""
NONE = "score: [size]"
COMPOSED = {
    "untie_knots": ("transform: {repeat: {longest: 900}}", "transform: {untie_knots: {context_length: 2048}}"),
    "interleave": ("transform: {interleave: {documents_each: 3}}", "transform: {untie_knots: {}}"),
    "denoise": ("transform: {denoise: {longest: 512}}", "transform: {loss_weights: {}}"),
    "spread_positions": (
        "transform: {metadata_prefix: {cooldown: 0}}",
        "transform: {spread_positions: {window: 8192}}",
    ),
    "smaller_first": ("transform: {repeat: {loss: second}}", "transform: [smaller_first, {loss_weights: {per: sqrt}}]"),
    "metadata_prefix": (None, "transform: {metadata_prefix: {context_length: 2048, drop: mask, probability: 0.8}}"),
    "instances": ("transform: {instances: {share: 0.5, context_length: 600}}", "transform: {spread_positions: {}}"),
    "tables": (None, "transform: {tables: {count: 7, rows: 30}}"),
}


def run(
    tmp_path: Path, before: str | None, after: str | None, *, attention: str = "context", pack: str = "best_fit"
) -> Path:
    """Run a recipe with these steps around packing; the release passed every audit."""
    folder = write_corpus(tmp_path / "in", documents=60)
    text = RECIPE.format(order="random", before=before, after=after, attention=attention, pack=pack)
    text = "\n".join(line for line in text.split("\n") if line != "  - None")
    return run_here(folder, tmp_path / "warehouse", recipe=text)


def texts_of(release: Path) -> dict[int, list[int]]:
    """Every document's tokens."""
    files = sorted((release / "parquet").glob("documents-*"))
    rows = pa.concat_tables([pq.read_table(file, columns=["doc_id", "text"]) for file in files]).to_pylist()
    tokens = plain(load(), [row["text"] for row in rows])
    return {row["doc_id"]: [*ids.tolist(), 256] for row, ids in zip(rows, tokens, strict=True)}


def contexts_of(release: Path) -> list[dict[str, Any]]:
    """The contexts as written."""
    files = sorted((release / "parquet").glob("contexts-*"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def pieces_of(release: Path) -> dict[int, list[dict[str, Any]]]:
    """The contexts in the ledger."""
    with Ledger(release / "ledger.duckdb", read_only=True) as ledger:
        found: dict[int, list[dict[str, Any]]] = {}
        for row in ledger.rows("SELECT * FROM segments ORDER BY context_id, position"):
            found.setdefault(row["context_id"], []).append(row)
        return found


@pytest.mark.parametrize("name", COMPOSED)
def test_files_hold_the_tokens_that_the_ledger_says(tmp_path: Path, name: str) -> None:
    release = run(tmp_path, *COMPOSED[name])
    texts, pieces, written = texts_of(release), pieces_of(release), contexts_of(release)
    assert [row["context_id"] for row in written] == list(range(len(pieces)))
    roles = set()
    for row in written:
        mine, at = pieces[row["context_id"]], 0
        for i, piece in enumerate(mine):
            span = texts[piece["doc_id"]][piece["start"] : piece["stop"]] if piece["inserted"] is None else None
            expected = span if span is not None else piece["inserted"]
            assert row["tokens"][at : at + row["lengths"][i]] == expected
            at += row["lengths"][i]
            roles.add(piece["role"])
        assert at == len(row["tokens"])
        assert row["loss_weights"] == [piece["loss_weight"] for piece in mine]
        assert row["position_offsets"] == [piece["position_offset"] for piece in mine]
        assert row["causals"] == [piece["causal"] for piece in mine]
    assert len(roles) > 1


def test_markers_are_named_in_the_figures(tmp_path: Path) -> None:
    release = run(tmp_path, None, "transform: {untie_knots: {}}")
    with Ledger(release / "ledger.duckdb", read_only=True) as ledger:
        found = {row["name"]: row["value"] for row in ledger.rows("SELECT name, value FROM metrics")}
    assert found["untie_knots.token tail_1"] == 257 and found["untie_knots.token </S>"] == 265
    assert found["untie_knots.inserted_tokens"] > 0 and found["untie_knots.dropped_tokens"] > 0


def test_a_cooldown_is_plain_in_the_file(tmp_path: Path) -> None:
    release = run(tmp_path, None, "transform: {metadata_prefix: {cooldown: 0.3}}", pack="concatenate")
    roles = [set(row["roles"]) for row in contexts_of(release)]
    plain_from = round(0.7 * len(roles))
    assert all("metadata" not in found for found in roles[plain_from + 1 :])
    assert any("metadata" in found for found in roles[: plain_from - 1])


@pytest.mark.parametrize(
    ("before", "after"),
    [("transform: [untie_knots]", NONE), (NONE, "transform: [denoise]"), (NONE, "transform: [interleave]")],
)
def test_transforms_stand_where_they_can(tmp_path: Path, before: str, after: str) -> None:
    with pytest.raises(GristmillError, match="the pack step"):
        run(tmp_path, before if before != NONE else None, after if after != NONE else None)


def test_the_same_recipe_gives_the_same_files(tmp_path: Path) -> None:
    steps = COMPOSED["untie_knots"]
    first, second = (contexts_of(run(tmp_path / turn, *steps)) for turn in "ab")
    assert json.dumps(first) == json.dumps(second)


def test_what_is_lost_or_repeated_is_to_be_said_and_how() -> None:
    unit, table = units.unit("transform", "loss_weights"), items([5, 7])
    with pytest.raises(UnitError, match=r"lost 5 tokens .*, put `DROPS = True` into transform/loss_weights\.py"):
        check_promises(unit, table, table.slice(1))
    with pytest.raises(UnitError, match=r"repeated 7 tokens .*, put `REPEATS = True` into transform/loss_weights\.py"):
        check_promises(unit, table, pa.concat_tables([table, table.slice(1)]))
