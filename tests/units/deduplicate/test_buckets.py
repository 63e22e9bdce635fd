"""Candidates and their groups, against dictionaries and NetworkX."""

import tracemalloc
from collections import defaultdict

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.deduplicate._buckets import ENTRY_BYTES, MOST_TASKS, buckets, groups, plan, read_pairs


def signature_files(folder, bands, cuts=()):
    """Signatures as Parquet; document i has doc_id 10 i."""
    paths = []
    for start, stop in zip([0, *cuts], [*cuts, len(bands)], strict=True):
        ids = pa.array(range(10 * start, 10 * stop, 10), pa.uint64())
        table = pa.table({"doc_id": ids, "bands": pa.array(bands[start:stop], pa.list_(pa.uint64()))})
        paths.append(str(folder / f"{start}.parquet"))
        pq.write_table(table, paths[-1], row_group_size=50)
    return paths


def found(pieces, files, live, folder, bands):
    np.save(folder / "live.npy", live)
    bucket, document = read_pairs([buckets(p, files, str(folder / "live.npy"), str(folder), bands) for p in pieces])
    members = defaultdict(list)
    for number, index in zip(bucket.tolist(), document.tolist(), strict=True):
        members[number].append(index)
    return sorted(map(tuple, members.values()))


@pytest.mark.parametrize("slice_bytes", [1 << 30, 300 * ENTRY_BYTES, 100 * ENTRY_BYTES])
@pytest.mark.parametrize("cuts", [(), (1, 150)])
def test_buckets_are_the_live_documents_with_an_equal_band(tmp_path, slice_bytes, cuts):
    generator = np.random.default_rng(5)
    bands = generator.integers(0, 120, (300, 4)).astype(np.uint64) * np.uint64(2**57 + 11)
    live = np.sort(generator.choice(300, 220, replace=False)).astype(np.uint64) * np.uint64(10)
    expected = defaultdict(list)
    for index, doc_id in enumerate(live.tolist()):
        for band, value in enumerate(bands[doc_id // 10].tolist()):
            expected[band, value].append(index)
    pieces = plan(220, 4, slice_bytes)
    assert (len(pieces) == 1) == (slice_bytes == 1 << 30)
    files = signature_files(tmp_path, bands.tolist(), cuts)
    assert found(pieces, files, live, tmp_path, 4) == sorted(tuple(v) for v in expected.values() if len(v) > 1)


def test_no_live_document_at_all(tmp_path):
    files = signature_files(tmp_path, [[7, 8], [7, 8]])
    assert found(plan(0, 2), files, np.empty(0, np.uint64), tmp_path, 2) == []


@given(st.integers(0, 10**10), st.integers(1, 40))
def test_the_plan_covers_every_band_and_every_hash_once_in_few_tasks(documents, bands):
    pieces = plan(documents, bands)
    shares = defaultdict(list)
    for piece in pieces:
        for band in range(piece.first, piece.last):
            shares[band].append((piece.part, piece.of))
    assert sorted(shares) == list(range(bands))
    assert all(sorted(part for part, _ in found) == list(range(found[0][1])) for found in shares.values())
    assert len(pieces) <= 2 * MOST_TASKS


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 40)), min_size=1, max_size=80), st.integers(1, 400))
def test_groups_hold_whole_components(pairs, group_characters):
    pairs = sorted({(b, d) for b, d in pairs})
    bucket, document = (np.array(column) for column in zip(*pairs, strict=True))
    characters = np.arange(1, 42) * 3
    candidates, group, component = groups(bucket, document, characters, group_characters)
    graph = nx.Graph((f"bucket {b}", d) for b, d in pairs)
    expected = sorted(sorted(n for n in nodes if not isinstance(n, str)) for nodes in nx.connected_components(graph))
    members = [sorted(candidates[component == c].tolist()) for c in np.unique(component)]
    assert sorted(members) == expected
    assert all(len(set(group[component == c])) == 1 for c in np.unique(component))
    assert np.unique(group).tolist() == list(range(group.max() + 1))
    room = max(group_characters, characters[candidates].sum() / MOST_TASKS)
    for number in np.unique(group):
        inside = [characters[candidates[component == c]].sum() for c in np.unique(component[group == number])]
        assert sum(inside) <= room + max(inside)


def largest_memory(call):
    """Return the most bytes that NumPy and Python held during a call."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_join_needs_four_times_its_slice_and_a_batch(tmp_path):
    count, slice_bytes, batch = 300_000, 12 << 20, 16 << 20
    bands = np.random.default_rng(0).integers(0, 2**63, (count, 14), dtype=np.uint64)
    lists = pa.ListArray.from_arrays(np.arange(0, bands.size + 1, 14, dtype=np.int32), bands.ravel())
    ids = np.arange(count, dtype=np.uint64)
    pq.write_table(pa.table({"doc_id": ids, "bands": lists}), tmp_path / "signatures.parquet", row_group_size=1 << 16)
    np.save(tmp_path / "live.npy", ids)
    files, live = [str(tmp_path / "signatures.parquet")], str(tmp_path / "live.npy")
    for piece in plan(count, 14, slice_bytes)[:2]:
        assert largest_memory(lambda p=piece: buckets(p, files, live, str(tmp_path), 14)) < 4 * slice_bytes + batch


def test_components_need_a_hundred_bytes_per_pair():
    bucket = np.repeat(np.arange(200_000), 2)
    document = np.random.default_rng(0).integers(0, 100_000, len(bucket))
    characters = np.full(100_000, 3000)
    assert largest_memory(lambda: groups(bucket, document, characters)) < 100 * len(bucket)
