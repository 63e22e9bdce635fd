"""Trees of documents against a plain reading of the published algorithm and NetworkX's traversals."""

from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.order._trees import grow_among, laid_down
from tasks.order.tree import measure, tree
from tasks.text import TextBatch
from tests.units.order.made import documents, random_table


def plain(ids: np.ndarray, roots: list[int], tokens: list[int], branches: int, length: int) -> list[list[int]]:
    """Algorithm 1: one list of documents per tree."""
    free, trees, filled = list(roots), [], 0
    while free:
        limit, queue, grown = (filled // length + 1) * length, [], []
        while filled < limit and free:
            if not queue:
                queue.append(free.pop(0))
                grown.append(queue[0])
                filled += tokens[queue[0]]
                continue
            nearest = [d for d in ids[queue.pop(0)].tolist() if d in free][:branches]
            for document in nearest:
                if filled < limit:
                    free.remove(document)
                    grown.append(document)
                    queue.append(document)
                    filled += tokens[document]
        trees.append(grown)
    return trees


def graph_of(grown: object) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(grown.sequence)))
    graph.add_edges_from((p, i) for i, p in enumerate(grown.parents.tolist()) if p >= 0)
    return graph


@pytest.mark.parametrize("branches", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_grows_as_published(branches: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids, _ = random_table(50, 8, seed)
    roots, tokens = rng.permutation(50), rng.integers(1, 40, 50)
    grown = grow_among(ids, roots, tokens, branches=branches, context_length=120)
    expected = plain(ids, roots.tolist(), tokens.tolist(), branches, 120)
    assert [grown.sequence[grown.trees == t].tolist() for t in range(len(expected))] == expected
    assert max(dict(graph_of(grown).out_degree()).values(), default=0) <= branches


@pytest.mark.parametrize("seed", range(5))
def test_depth_first_is_the_preorder_of_the_trees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids, _ = random_table(40, 8, seed)
    grown = grow_among(ids, rng.permutation(40), rng.integers(1, 40, 40), branches=3, context_length=200)
    graph = graph_of(grown)
    roots = [place for place in range(40) if grown.parents[place] < 0]
    expected = [place for root in roots for place in nx.dfs_preorder_nodes(graph, root)]
    assert laid_down(grown, np.arange(40), inside="depth", seed=0).tolist() == grown.sequence[expected].tolist()


def test_orders_inside_a_tree_hold_the_same_trees() -> None:
    ids, _ = random_table(60, 8, 1)
    rng = np.random.default_rng(1)
    grown = grow_among(ids, rng.permutation(60), rng.integers(1, 40, 60), branches=2, context_length=150)
    sizes = np.bincount(grown.trees)
    stops = np.cumsum(sizes)
    for inside in ("breadth", "reversed", "depth", "random"):
        laid = laid_down(grown, np.arange(60, dtype=np.uint64), inside=inside, seed=3)
        for stop, size in zip(stops, sizes, strict=True):
            piece = laid[stop - size : stop].tolist()
            assert sorted(piece) == sorted(grown.sequence[stop - size : stop].tolist())
            if inside == "reversed":
                assert piece == grown.sequence[stop - size : stop].tolist()[::-1]


def test_one_branch_makes_a_path_of_near_documents() -> None:
    table = documents(300)
    order = tree(table, seed=2, context_length=3000)
    links = [tree(table, seed=2, context_length=3000, inside=i) for i in ("reversed", "random", "depth")]
    assert all(sorted(other.tolist()) == sorted(order.tolist()) for other in links)
    assert np.array_equal(order, links[2]), "a path is the same depth first"
    assert not np.array_equal(order, links[0]) and not np.array_equal(order, links[1])


@pytest.mark.parametrize("retriever", ["vectors", "words"])
def test_what_was_measured_may_lie_in_files(retriever: str, tmp_path: Path) -> None:
    texts = [f"mill {i % 7} grain {i % 5} stone {i % 3} water {i}" for i in range(60)]
    found = measure(TextBatch(pa.array(texts, pa.large_string())), retriever=retriever)
    doc_ids = pa.array(np.random.default_rng(3).permutation(60).astype(np.uint64))
    known = pa.table({"doc_id": doc_ids, "tokens": [9] * 60})
    measured = pa.table({"doc_id": doc_ids, **found})
    files = [str(tmp_path / "one.parquet"), str(tmp_path / "two.parquet")]
    pq.write_table(measured.slice(20), files[0])
    pq.write_table(measured.slice(0, 20), files[1])
    together = known
    for name in found:
        together = together.append_column(name, measured[name])
    shape = {"seed": 1, "branches": 2, "context_length": 90, "retriever": retriever}
    assert np.array_equal(tree(known, measured=files, folder=tmp_path / "kept", **shape), tree(together, **shape))
