"""What an editor makes of texts, by the kernels that an export uses."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.text.batch import TextBatch
from tasks.text.edits import apply, settle
from tasks.text.spans import Spans


def edited(editor: Any, *texts: str, **settings: Any) -> list[str]:
    """Return the texts after the edits of one editor."""
    batch = TextBatch(pa.array(["é before", *texts], pa.large_string()).slice(1))
    spans = editor(batch, **settings)
    check(batch, spans)
    cuts = pc.equal(spans.replacements, "").to_numpy(zero_copy_only=False)
    which, starts, stops, first = settle(spans.starts, spans.stops, cuts, np.zeros(len(spans), np.int64))
    new = pc.if_else(pa.array(first), spans.replacements.take(pa.array(which)), "")
    return apply(batch.texts, spans.document[which], starts, stops, new).to_pylist()


def check(batch: TextBatch, spans: Spans) -> None:
    """Spans are within their documents, on the borders of characters, and not empty."""
    assert len(spans.document) == len(spans.starts) == len(spans.stops) == len(spans.replacements) == len(spans.reasons)
    assert (spans.starts < spans.stops).all()
    assert (batch.offsets[spans.document] <= spans.starts).all()
    assert (spans.stops <= batch.offsets[spans.document + 1]).all()
    for place in (*spans.starts.tolist(), *spans.stops.tolist()):
        assert place == len(batch.data) or batch.data[place] & 0xC0 != 0x80
    assert not spans.replacements.null_count and not spans.reasons.null_count
