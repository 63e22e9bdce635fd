"""What a reader is asked for: a slice of one file, and which fields mean what."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Slice:
    """A part of one file that one task reads.

    ``start`` and ``stop`` count bytes of the decompressed file for JSON Lines (a slice owns the lines that start in
    ``[start, stop)``) and records for CSV and Parquet; a ``stop`` of None means the end. ``name`` is the file's name
    relative to its source, ``bytes`` the decoded size expected of the slice, by which slices are grouped.
    """

    path: str
    start: int = 0
    stop: int | None = None
    name: str = ""
    bytes: int = 0

    def owns(self, place: int) -> bool:
        """Whether a record at ``place`` belongs to this slice.

        >>> Slice("a.jsonl", 10, 20).owns(10), Slice("a.jsonl", 10, 20).owns(20), Slice("a.jsonl", 10).owns(99)
        (True, False, True)
        """
        return self.start <= place and not self.ends(place)

    def ends(self, place: int) -> bool:
        """Whether ``place`` lies behind this slice."""
        return self.stop is not None and place >= self.stop


@dataclass(frozen=True)
class Fields:
    """The names that a source gives to the parts of a document; every other field is kept as metadata."""

    text: str = "text"
    id: str = "id"
    url: str = "url"
    created: str = "created"
    language: str = "language"
    license: str = "license"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The source's names, in the order text, id, url, created, language, license."""
        return (self.text, self.id, self.url, self.created, self.language, self.license)
