"""Documents in cells: all there, once; the same neighbors however they are cut; what was found stays found."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tasks.order import _shelf
from tasks.order._cells import page_at
from tasks.order._pipeline import Settings, chained, neighbors_of
from tasks.order._related import relate, vectors_of
from tasks.order._search import Asked, Effort, calibrated, overlap, search
from tasks.order._words_index import EVERYTHING
from tests.units.order.made import documents

COUNT = 1_500


def cells_of(rows: pa.Table, folder: Path, cuts: list[int], worded: bool = True, cell: int = 200):
    ids = np.sort(rows["doc_id"].to_numpy())
    edges = [0, *cuts, len(rows)]
    sources = [rows.slice(a, b - a) for a, b in pairwise(edges)]
    settings = Settings(10, "greedy_edges", 0.9, 1_000, 16, 3, cell=cell)
    return neighbors_of(ids, sources, folder, settings, map, worded)


def contents(cells) -> list[tuple]:
    pages = [page_at(cells.corpus.folder / page.name)[0] for page in cells.pages]
    return [(p.ranks.tolist(), p.vectors.weights.tolist(), p.documents.tolist()) for p in pages]


def test_every_document_is_in_one_cell_however_the_rows_come(tmp_path):
    rows = documents(COUNT)
    first = cells_of(rows, tmp_path / "a", [])
    moved = rows.take(pa.array(np.random.default_rng(1).permutation(COUNT)))
    second = cells_of(moved, tmp_path / "b", [10, 700, 1_400])
    assert contents(first) == contents(second)
    assert sorted(rank for ranks, *_ in contents(first) for rank in ranks) == list(range(COUNT))
    assert len(first.pages) > 4 and max(first.sizes) <= 2 * 200 + 40
    assert sorted(chained(first, search(first, asked(), map)).tolist()) == list(range(COUNT))


EVERYWHERE = Effort(EVERYTHING, 99)


def asked(effort: Effort = EVERYWHERE) -> Asked:
    return Asked(10, 40, 900_000, effort)


def test_searching_all_cells_finds_what_one_index_finds(tmp_path):
    rows = documents(COUNT)
    found = search(cells_of(rows, tmp_path, [500]), asked(), map)
    related = relate(vectors_of(rows.sort_by("doc_id")), neighbors=10)
    fit = np.where(related.similarities <= 900_000, related.ids, -1)[:, :10]
    assert overlap(fit, found.ids) > 0.999
    assert not len(found.twins)


def test_effort_is_raised_until_enough_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.order._search.LEAST_BUDGET", 64)
    cells = cells_of(documents(COUNT), tmp_path, [])
    effort, recall = calibrated(cells, neighbors=10, candidates=40, mapper=map)
    assert recall >= 0.95 and effort.budget > 64
    truth, found = search(cells, asked(), map), search(cells, asked(effort), map)
    assert overlap(truth.ids, found.ids) == pytest.approx(recall, abs=0.03)


def test_one_range_of_ids_is_a_page_when_a_cell_is_too_large(tmp_path):
    rows = documents(900).set_column(2, "word_buckets", pa.array([[1, 2]] * 900, pa.list_(pa.int32())))
    rows = rows.set_column(3, "word_counts", pa.array([[1, 1]] * 900, pa.list_(pa.uint8())))
    cells = cells_of(rows, tmp_path, [], cell=200)
    assert sum(cells.sizes) == 900 and len(cells.pages) > 1 and max(cells.sizes) <= 400
    assert len(np.unique(search(cells, asked(), map).twins)) == 900


def test_embeddings_are_searched_in_cells_too(tmp_path):
    random = np.random.default_rng(0)
    centers = random.normal(size=(30, 24)) * 2
    values = (centers[random.integers(0, 30, 900)] + random.normal(size=(900, 24))).astype(np.float32)
    rows = pa.table({"doc_id": np.arange(900, dtype=np.uint64), "embedding": pa.array(list(values))})
    cells = cells_of(rows, tmp_path, [300], worded=False, cell=100)
    related = relate(vectors_of(rows, model="some"), neighbors=10)
    fit = np.where(related.similarities <= 900_000, related.ids, -1)[:, :10]
    assert overlap(fit, search(cells, asked(), map).ids) > 0.99
    assert calibrated(cells, neighbors=10, candidates=40, mapper=map)[1] >= 0.95


def test_what_is_on_the_shelf_is_not_made_again(tmp_path):
    _shelf.put_once(tmp_path / "a", lambda: {"x": np.arange(3), "none": np.zeros(0)})
    _shelf.put_once(tmp_path / "a", partial(pytest.fail, "made again"))
    found = _shelf.get(tmp_path / "a")
    assert found["x"].tolist() == [0, 1, 2] and len(found["none"]) == 0
    found["x"][0] = 7
    assert _shelf.one(tmp_path / "a" / "x.npy").tolist() == [0, 1, 2], "what was read was written to"
    _shelf.put(tmp_path / "a", {"x": np.arange(9)})
    assert len(_shelf.get(tmp_path / "a", "x")["x"]) == 3, "the first to be done stays"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
