"""The edits of one part's documents, as workers get them: a file that all share, and which of its rows."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Laid:
    """Edits laid down for a part: the rows of ``file`` with this ``part``; ``digest`` names what they say."""

    file: str
    part: int
    digest: str

    def read(self) -> pa.Table:
        """Return doc_id, step, start, stop (characters), replacement and reason, by document and start."""
        found = pq.read_table(self.file, filters=[("part", "=", self.part)])
        return found.drop_columns("part").sort_by([("doc_id", "ascending"), ("start", "ascending")])
