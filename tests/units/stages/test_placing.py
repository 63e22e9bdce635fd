"""Orders and packs in a run: columns that settings name, copies, tokens that a pack drops, and figures of each."""

from pathlib import Path

import pyarrow as pa
import pytest

from schemas.errors import UnitError
from tasks.ledger import Ledger
from tasks.order._placing import placing_figures, smallest_repeat_gap
from tasks.pack import decompose, near_fit
from tasks.stages.pack import _as_documents
from tasks.transform._pieces import pieces
from tests.small import run_here, write_corpus

HEAD = """
name: placing
sources: {notes: {path: "notes/*.jsonl"}, code: {path: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}}
steps:
  - score: [size, compression_ratio]
  - reweight: {temperature: {alpha: 0.1, max_epochs: 3}, by: source}
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), documents=60, hostile=False)


def run(corpus: Path, folder: Path, steps: str) -> Ledger:
    return Ledger.published(run_here(corpus, folder, recipe=HEAD + steps) / "ledger.duckdb")


def test_a_curriculum_is_measured_and_contexts_come_in_its_order(corpus: Path, tmp_path: Path) -> None:
    steps = """
  - order: {curriculum: {score: compression_ratio}}
  - pack: {concatenate: {context_length: 1024, shuffle: false}}
"""
    with run(corpus, tmp_path, steps) as ledger:
        found = {row["name"]: row["value"] for row in ledger.rows("SELECT * FROM metrics")}
        passes = ledger.rows(
            """SELECT copy, bool_and(score >= before) AS sorted FROM (
                SELECT copy, compression_ratio AS score,
                lag(compression_ratio) OVER (PARTITION BY copy ORDER BY context_id, segments.position) AS before
                FROM segments JOIN measured USING (doc_id)) GROUP BY copy"""
        )
    assert passes and all(row["sorted"] for row in passes)
    assert 0 < found["score_order_correlation"] <= 1 and found["smallest_repeat_gap"] >= 0


def test_what_a_pack_drops_is_accounted_for(corpus: Path, tmp_path: Path) -> None:
    steps = """
  - order: random
  - pack: {decompose: {shortest: 64, longest: 1024, lengths: power, batch_tokens: 2048}}
"""
    with run(corpus, tmp_path, steps) as ledger:
        found = {row["name"]: row["value"] for row in ledger.rows("SELECT * FROM metrics")}
        packed = ledger.value("SELECT sum(stop - start)::BIGINT FROM segments")
        dropped = ledger.value("SELECT sum(dropped)::BIGINT FROM emitted")
        total = ledger.value("SELECT sum(tokens)::BIGINT FROM places JOIN documents USING (doc_id)")
        broken = ledger.value("SELECT count(*) FROM audits WHERE NOT passed")
    assert broken == 0 and packed + dropped == total and dropped > 0
    assert found["lost_token_share"] == pytest.approx(dropped / total) and found["padding_share"] == 0
    assert sum(value for name, value in found.items() if name.startswith("tokens_of_length_")) == packed


def test_a_pack_that_drops_without_saying_so_is_refused(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompose, "DROPS", False)
    with pytest.raises(UnitError, match=r"decompose lost .* without saying .* `DROPS = True` into pack/decompose\.py"):
        run(corpus, tmp_path, "  - pack: {decompose: {shortest: 64, longest: 1024}}\n")


def test_a_pack_gets_the_words_that_the_order_counted(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = "  - order: {in_context: {}}\n  - pack: {near_fit: {context_length: 1024}}\n"
    seen, ties = [], near_fit._ties
    monkeypatch.setattr(near_fit, "_ties", lambda documents: seen.append(documents) or ties(documents))
    with run(corpus, tmp_path, steps) as ledger:
        assert ledger.value("SELECT count(*) FROM audits WHERE NOT passed") == 0
    given = [documents for documents in seen if documents.num_rows]  # settings are tried on none
    assert given and all({"word_buckets", "word_counts"} <= set(documents.column_names) for documents in given)


def test_placing_figures_see_a_sort_by_source_and_the_nearest_repeat() -> None:
    ordered = pa.table(
        {
            "doc_id": pa.array([*range(50), *range(50)], pa.uint64()),
            "source": ["a"] * 50 + ["b"] * 50,
            "tokens": [8] * 100,
            "quality": [float(i) for i in range(100)],
        }
    )
    found = placing_figures(ordered, "quality")
    assert found["score_order_correlation"] == 1 and found["largest_source_divergence"] == pytest.approx(1)
    assert found["largest_length_divergence"] == 0 and found["smallest_repeat_gap"] == 49 * 8
    assert smallest_repeat_gap(ordered["doc_id"].to_numpy()[:50], ordered["tokens"].to_numpy()[:50]) is None


def test_a_context_of_before_packing_is_of_the_source_of_its_first_document() -> None:
    documents = pa.table(
        {"doc_id": pa.array([7, 8], pa.uint64()), "copy": [0, 0], "tokens": [5, 6], "source": ["a", "b"]}
    )
    items = pieces(
        context_id=[0, 0, 1, 2], position=[0, 1, 0, 0], doc_id=[None, 8, 7, None], copy=[None, 0, 0, None],
        start=[0, 0, 0, 0], stop=[0, 6, 5, 0], inserted=[[9], None, None, [9, 9]],
    )  # fmt: skip
    found = _as_documents(items, documents)
    assert found["source"].to_pylist() == ["b", "a", None] and found["tokens"].to_pylist() == [7, 5, 2]
