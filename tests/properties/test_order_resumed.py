"""A run killed while neighbors are searched: the same release afterwards, and nothing found is searched again."""

from functools import partial
from pathlib import Path

import pytest

from tasks.order import _pipeline, _search
from tests.small import digests, run_here, write_corpus


@pytest.fixture
def corpus(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_search, "BLOCK", 8)
    monkeypatch.setattr(_pipeline, "CELL", 24)
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def searched(function) -> bool:
    return isinstance(function, partial) and function.func is _search._search_slice


def test_a_kill_in_mid_search_changes_no_byte_and_loses_no_slice(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, object]] = []
    found = _search._found
    monkeypatch.setattr(
        _search, "_found", lambda cells, a, part: asked.append((cells.corpus.folder, part)) or found(cells, a, part)
    )
    undisturbed = digests(run_here(corpus, tmp_path / "undisturbed"))
    expected, asked[:] = len(asked), []
    for patience in (2, 5):

        def dying(function, *items, left=patience):
            rows = list(zip(*items, strict=True))
            if searched(function) and len(rows) > left:
                list(map(function, *zip(*rows[:left], strict=True)))
                raise KeyboardInterrupt
            return list(map(function, *items))

        with pytest.raises(KeyboardInterrupt):
            run_here(corpus, tmp_path / "killed", mapper=dying)
        assert len(asked) == patience, "what the first run had found was searched again"
    left = list((tmp_path / "killed" / "parts" / "steps").glob("order-in_context-*/0/found-*/*"))
    assert len(left) == 5
    assert digests(run_here(corpus, tmp_path / "killed")) == undisturbed
    assert len(asked) == len({str(item) for item in asked}) == expected
    assert not list((tmp_path / "killed" / "parts" / "steps").glob("order-in_context-*/"))


def test_cells_and_workers_change_no_byte(corpus: Path, tmp_path: Path) -> None:
    """Many cells and slices: any cut of the input and any order of the work gives the same."""

    def backwards(function, *items):
        rows = list(zip(*items, strict=True))
        return [function(*row) for row in rows[::-1]][::-1]

    one = digests(run_here(corpus, tmp_path / "one", partitions=1))
    assert digests(run_here(corpus, tmp_path / "more", partitions=5, mapper=backwards)) == one
