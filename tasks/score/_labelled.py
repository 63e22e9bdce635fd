"""Labels as numbers beside the features of what they label: the material that a student learns from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import UnitError, unknown
from tasks.distinct import distinct
from tasks.sample import Sample
from tasks.score._heads import Head
from tasks.score._learning import Floats, Rows, joined, rows_of
from tasks.text.features import Pieces, paragraphs, whole_documents

WHOLE = -1


@dataclass(frozen=True)
class Labelled:
    """Labelled documents or paragraphs: where each comes from, its features, and per head what it was given.

    ``document``: row of ``documents``, which are by doc_id. ``values``: per head, numbers or codes of ``names``; not a
    number where the head has no label.
    """

    documents: pa.Table
    document: NDArray[np.int64]
    rows: Rows
    values: dict[str, Floats]
    names: dict[str, list[str]]

    @property
    def sources(self) -> NDArray[Any]:
        """The source of each."""
        return np.asarray(self.documents["source"].to_numpy(zero_copy_only=False)).astype(np.str_)[self.document]


def labelled(sample: Sample, heads: tuple[Head, ...], *, of_paragraphs: bool, ngram: int, characters: bool) -> Labelled:
    """Return what is labelled in ``sample``; several labels of one thing become their mean or the most frequent.

    Raises UnitError when a label is none of those that its head names, is of the wrong kind, or is of a paragraph that
    the document does not have.
    """
    documents = sample.documents.sort_by("doc_id")
    drawn = pc.is_in(sample.labels["doc_id"], documents["doc_id"].combine_chunks())
    found = _wanted(sample.labels.filter(drawn), heads, of_paragraphs)
    place = np.searchsorted(documents["doc_id"].to_numpy(), found["doc_id"].to_numpy())
    keys = np.stack([place, found["paragraph"].fill_null(WHOLE).to_numpy()], axis=1)
    things, thing = np.unique(keys, axis=0, return_inverse=True)
    values, names = {}, {}
    for head in heads:
        rows = np.flatnonzero(pc.equal(found["name"], head.name).to_numpy(zero_copy_only=False))
        values[head.name], names[head.name] = _values(
            head, found.take(pa.array(rows)), thing.ravel()[rows], len(things)
        )
    features = _rows(Sample(documents, sample.labels), things, ngram, characters)
    return Labelled(documents, things[:, 0], features, values, names)


def _wanted(labels: pa.Table, heads: tuple[Head, ...], of_paragraphs: bool) -> pa.Table:
    asked = labels.filter(pc.is_in(labels["name"], pa.array([head.name for head in heads], pa.string())))
    whole = pc.is_null(asked["paragraph"])
    found = asked.filter(pc.invert(whole) if of_paragraphs else whole)
    if asked.num_rows and not found.num_rows:
        there, right = ("whole documents", "document") if of_paragraphs else ("paragraphs", "paragraph")
        raise UnitError(f"student: the labels are of {there}; set `unit: {right}` to learn from them")
    missing = sorted({head.name for head in heads} - set(found["name"].to_pylist()))
    if missing:
        raise UnitError(f"student: {unknown('label name', missing[0], pc.unique(labels['name']).to_pylist())}")
    return found


def _values(head: Head, found: pa.Table, thing: NDArray[np.int64], count: int) -> tuple[Floats, list[str]]:
    column = found["value" if head.number else "label"]
    if column.null_count:
        kind, other = ("number", "label") if head.number else ("label", "number")
        raise UnitError(f"student: head '{head.name}' is to be a {kind}, and was given a {other}")
    values = np.full(count, np.nan)
    known = distinct(thing)
    if head.number:
        sums = np.bincount(thing, weights=column.to_numpy(), minlength=count)
        values[known] = sums[known] / np.bincount(thing, minlength=count)[known]
        return values, []
    names = list(head.labels) or sorted(set(column.to_pylist()))
    codes = pc.index_in(column, pa.array(names, pa.string()))
    if codes.null_count:
        wrong = column.filter(pc.is_null(codes))[0].as_py()
        raise UnitError(f"student: head '{head.name}': {unknown('label', wrong, names)}")
    votes = np.zeros((count, len(names)), np.int64)
    np.add.at(votes, (thing, codes.to_numpy().astype(np.int64)), 1)
    values[known] = votes[known].argmax(axis=1)
    return values, names


def _rows(sample: Sample, things: NDArray[np.int64], ngram: int, characters: bool) -> Rows:
    """The features of things, which are ascending: (row of the document, paragraph or -1)."""
    parts, start = [], 0
    for batch in sample.batches():
        mine = things[(things[:, 0] >= start) & (things[:, 0] < start + len(batch))] - np.array([start, 0])
        start += len(batch)
        if not len(mine):
            continue
        documents, pieces = whole_documents(batch), paragraphs(batch)
        if mine[0, 1] == WHOLE:
            chosen = documents.take(mine[:, 0])
        else:
            chosen = _paragraphs(pieces, batch.paragraphs.offsets, mine)
        parts.append(rows_of(batch, chosen, ngram=ngram, characters=characters))
    return joined(parts)


def _paragraphs(pieces: Pieces, offsets: NDArray[np.int64], things: NDArray[np.int64]) -> Pieces:
    sizes = np.diff(offsets)[things[:, 0]]
    if (things[:, 1] >= sizes).any():
        row = int(np.flatnonzero(things[:, 1] >= sizes)[0])
        raise UnitError(f"student: a label is of paragraph {things[row, 1]} of a document with {sizes[row]} paragraphs")
    return pieces.take(offsets[things[:, 0]] + things[:, 1])
