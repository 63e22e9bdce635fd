"""The neighbor search over documents in files: slices of pages, each a task, whose results are files again.

A task maps the pages it reads into memory, one cell's worth at a time: its memory is bounded by the size of a cell,
whatever the corpus has. What was found is named by what was asked, so a run killed in mid-search and started again
searches only what is missing. How far to look is calibrated: a sample is compared with all documents, and the effort is
doubled, in the way that finds more, until 95 % of its true neighbors are found.
"""

import shutil
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.distinct import distinct
from tasks.order import _shelf
from tasks.order._cells import (
    Corpus,
    Page,
    Source,
    count_words,
    frequencies,
    gather,
    indexed,
    learn_cells,
    page_at,
    pages,
    place,
    take_in,
)
from tasks.order._neighbors import Mapper, search_dense
from tasks.order._words_index import EVERYTHING, Found, asking, nothing_found, search_words

BLOCK = 4_096
SAMPLE = 256
WANTED_RECALL = 0.95
LEAST_BUDGET = 1 << 14
MOST_BUDGET = 1 << 40
LEAST_GAIN = 0.002
Slice = tuple[Page, int, int]


@dataclass(frozen=True)
class Effort:
    """How far a search looks: documents met in the lists of a document's words, and cells of the nearest."""

    budget: int
    probes: int


@dataclass(frozen=True)
class Asked:
    """What a search is asked for: ``neighbors`` of a cosine up to ``apart`` (parts per million) of ``candidates``."""

    neighbors: int
    candidates: int
    apart: int
    effort: Effort


@dataclass(frozen=True)
class Cells:
    """A corpus in its cells, ready to be searched; ``words`` is where the frequencies of its words are."""

    corpus: Corpus
    pages: tuple[Page, ...]
    sizes: tuple[int, ...]
    words: Path

    def slices(self) -> list[Slice]:
        """All documents in slices whose size does not depend on who searches them."""
        parts = zip(self.pages, self.sizes, strict=True)
        return [(page, s, min(s + BLOCK, size)) for page, size in parts for s in range(0, size, BLOCK)]

    def among(self, wanted: Container[int]) -> list[Page]:
        """The pages of these cells."""
        return [page for page in self.pages if page.cell in wanted]


@dataclass(frozen=True)
class Neighbors:
    """What a search found, by rank: ids and cosines (n, neighbors) best first, pairs that are too alike, cells."""

    ids: NDArray[np.int32]
    cosines: NDArray[np.int32]
    twins: NDArray[np.int32]
    cells: NDArray[np.int32]


def in_cells(corpus: Corpus, sources: Sequence[Source], mapper: Mapper) -> Cells:
    """Put the documents of ``sources`` into cells; what was kept on the way there goes when they are all in."""
    ready = corpus.folder / "ready"
    if not ready.is_dir():
        list(mapper(partial(_take_in, corpus), list(enumerate(sources))))
        count_words(corpus)
        learn_cells(corpus)
        numbers = range(corpus.sources)
        sizes = np.sum([*mapper(partial(place, corpus), numbers), np.zeros(corpus.cells, np.int64)], axis=0)
        made = list(mapper(partial(gather, corpus), pages(corpus, sizes)))
        _shelf.put(ready, {"cells": sizes, "pages": np.array(made, np.int64)})
    for folder in (*corpus.folder.glob("taken-*"), *corpus.folder.glob("placed-*")):
        shutil.rmtree(folder, ignore_errors=True)
    found = _shelf.get(ready)
    return Cells(corpus, tuple(pages(corpus, found["cells"])), tuple(found["pages"].tolist()), corpus.folder)


def _take_in(corpus: Corpus, item: tuple[int, Source]) -> None:
    take_in(corpus, *item)


def among(cells: Cells, rows: NDArray[np.int64], folder: Path, mapper: Mapper) -> Cells:
    """The same cells with these documents only, numbered by their place in ``rows`` (ascending)."""
    _shelf.put_once(folder / "rows", lambda: {"rows": rows.astype(np.int32)})
    thin = replace(cells.corpus, folder=folder, count=len(rows))
    return Cells(thin, cells.pages, tuple(mapper(partial(_thinned, cells.corpus, folder), cells.pages)), cells.words)


def _thinned(corpus: Corpus, folder: Path, page: Page) -> int:
    rows = _shelf.one(folder / "rows" / "rows.npy")
    index, near = page_at(corpus.folder / page.name)
    places = np.minimum(np.searchsorted(rows, index.ranks), len(rows) - 1)
    kept = np.flatnonzero(rows[places] == index.ranks)
    ranks = places[kept].astype(np.int32)
    _shelf.put_once(folder / page.name, lambda: indexed(ranks, near[kept], index.vectors.take(kept)))
    return len(kept)


def calibrated(cells: Cells, *, neighbors: int, candidates: int, mapper: Mapper) -> tuple[Effort, float]:
    """The least effort that finds 95 % of the true ``neighbors`` of a seeded sample, and the share that it finds."""
    corpus = cells.corpus
    random = np.random.Generator(np.random.PCG64(corpus.seed))
    drawn = np.sort(random.choice(corpus.count, min(SAMPLE, corpus.count), replace=False))
    most = Effort(EVERYTHING, corpus.cells)
    trial = partial(_trial, cells, drawn, candidates)
    truth = _together(mapper(partial(trial, most), cells.pages), neighbors)

    def reached(effort: Effort) -> tuple[float, Effort]:
        return overlap(truth, _together(mapper(partial(trial, effort), cells.pages), neighbors)), effort

    recall, effort = reached(Effort(LEAST_BUDGET, min(2, corpus.near)))
    while recall < WANTED_RECALL and effort.budget < MOST_BUDGET:
        choices = [replace(effort, budget=2 * effort.budget)]
        if effort.probes < corpus.near:
            choices.append(replace(effort, probes=min(2 * effort.probes, corpus.near)))
        best = max(map(reached, choices), key=lambda choice: (choice[0], choice[1].probes))
        if best[0] < recall + LEAST_GAIN and effort.probes == corpus.near:
            break  # what is missing lies in cells that no document knows: more lists would only cost
        recall, effort = best
    return effort, recall


def _trial(cells: Cells, drawn: NDArray[np.int64], candidates: int, effort: Effort, page: Page) -> NDArray[np.int32]:
    ranks = page_at(cells.corpus.folder / page.name)[0].ranks
    rows = np.flatnonzero(np.isin(ranks, drawn))
    ids, _ = search_rows(cells, page, rows, candidates, effort)
    return np.column_stack([ranks[rows], ids])


def _together(parts: Iterable[NDArray[np.int32]], neighbors: int) -> NDArray[np.int32]:
    found = np.concatenate(list(parts))
    return found[np.argsort(found[:, 0]), 1 : neighbors + 1]


def overlap(truth: NDArray[np.int32], found: NDArray[np.int32]) -> float:
    """The share of true neighbors that were found; -1 is none."""
    hits = (truth[:, :, None] == found[:, None, :]).any(axis=2)
    return float(hits[truth >= 0].mean()) if (truth >= 0).any() else 1.0


def search_rows(cells: Cells, page: Page, rows: NDArray[np.int64], candidates: int, effort: Effort) -> Found:
    """The candidates of some documents of a page, in the cells nearest to each of them."""
    index, near = page_at(cells.corpus.folder / page.name)
    found = nothing_found(len(rows), candidates)
    asked = asking(index.ranks[rows], index.vectors.take(rows), partial(frequencies, cells.words))
    if effort.probes < cells.corpus.cells:
        probed = near[rows, : effort.probes]
        who = {int(cell): np.flatnonzero((probed == cell).any(axis=1)) for cell in distinct(probed)}
    else:
        who = dict.fromkeys(range(cells.corpus.cells), np.arange(len(rows)))
    pages_asked = [(page_at(cells.corpus.folder / other.name)[0], who[other.cell]) for other in cells.among(who)]
    if cells.corpus.worded:
        search_words(pages_asked, asked, found, budget=effort.budget)
    else:
        search_dense(pages_asked, asked, found)
    return found


def search(cells: Cells, asked: Asked, mapper: Mapper) -> Neighbors:
    """Find the neighbors of all documents; slices that were found before are not searched again."""
    slices = cells.slices()
    effort = asked.effort
    name = f"found-{asked.neighbors}-{asked.candidates}-{asked.apart}-{effort.budget}-{effort.probes}"
    folder = cells.corpus.folder / name
    list(mapper(partial(_search_slice, cells, asked, folder), slices))
    ids, cosines = nothing_found(cells.corpus.count, asked.neighbors)
    of_cell = np.zeros(cells.corpus.count, np.int32)
    twins = [np.zeros((0, 2), np.int32)]
    for part in slices:
        found = _shelf.get(folder / _named(part))
        ids[found["ranks"]], cosines[found["ranks"]] = found["ids"], found["cosines"]
        of_cell[found["ranks"]] = part[0].cell
        twins.append(found["twins"])
    return Neighbors(ids, cosines, np.concatenate(twins), of_cell)


def _named(part: Slice) -> str:
    return f"{part[0].name}-{part[1]}"


def _search_slice(cells: Cells, asked: Asked, folder: Path, part: Slice) -> None:
    _shelf.put_once(folder / _named(part), lambda: _found(cells, asked, part))


def _found(cells: Cells, asked: Asked, part: Slice) -> _shelf.Arrays:
    page, start, stop = part
    ranks = page_at(cells.corpus.folder / page.name)[0].ranks[start:stop]
    ids, cosines = search_rows(cells, page, np.arange(start, stop), asked.candidates, asked.effort)
    rows, columns = np.nonzero((ids >= 0) & (cosines > asked.apart))
    twins = np.column_stack([ranks[rows], ids[rows, columns]]).astype(np.int32)
    fit = (ids >= 0) & (cosines > 0) & (cosines <= asked.apart)
    order = np.argsort(~fit, axis=1, kind="stable")[:, : asked.neighbors]
    fit = np.take_along_axis(fit, order, axis=1)
    ids = np.where(fit, np.take_along_axis(ids, order, axis=1), -1).astype(np.int32)
    cosines = np.where(fit, np.take_along_axis(cosines, order, axis=1), 0).astype(np.int32)
    return {"ranks": ranks, "ids": _wide(ids, asked, -1), "cosines": _wide(cosines, asked, 0), "twins": twins}


def _wide(values: NDArray[np.int32], asked: Asked, filler: int) -> NDArray[np.int32]:
    return np.pad(values, ((0, 0), (0, asked.neighbors - values.shape[1])), constant_values=filler)
