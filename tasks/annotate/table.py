"""Labels that exist already: given by people, by another tool or by an earlier run, in any table.

Rows are matched by identity and never by place, so the file may be about more or fewer documents than the run has;
what found no document is counted, never dropped in silence. Cost: the file is held in memory.
"""

from typing import Literal

from schemas.errors import InputError
from schemas.recipe import FilePath
from tasks.annotate._labels import Given, Labels, rows_of
from tasks.annotate._match import Kind, by_place, matched, rows_in


def read_files(*, labels: FilePath, key: str, names: dict[str, Kind], paragraph: str | None) -> None:
    """Raise InputError if a file cannot be read."""
    rows_in(labels, key, names, paragraph)


def table(
    given: Given,
    *,
    labels: FilePath,
    key: Literal["doc_id", "id", "url"] = "doc_id",
    names: dict[str, Kind],
    paragraph: str | None = None,
    source: str | None = None,
) -> Labels:
    """Labels from a file: JSON Lines, CSV or Parquet with a row per document, or per paragraph.

    ``key`` is the field that says which document a row is about, ``names`` the fields that are labels and whether each
    is a number or a label. ``paragraph`` is the field with the number of a paragraph, from 0, where a row is not about
    the whole document. An ``id`` is of one ``source`` only: where two sources have it, say which is meant; a ``url``
    labels every document that has it. An absent value is no label. Raises InputError for a value of the wrong kind, a
    document labelled twice and not alike, and a file of which no row is about a live document.

    Source: Gristmill.
    """
    read = rows_in(labels, key, names, paragraph)
    found, unmatched = matched(given.documents, read, key, source)
    if unmatched == len(read) and not given.preview:
        raise InputError(f"no row of '{labels}' is about a live document by {key}; its first is {read[0].key!r}")
    return Labels(
        labels.rpartition("/")[2],
        rows_of("labels", by_place(found)),
        rows_of("judgements"),
        {"rows": float(len(read)), "rows of no live document": float(unmatched), "labels": float(len(found))},
    )
