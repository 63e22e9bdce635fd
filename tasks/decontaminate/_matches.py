"""What was found: hits on the index, joined into spans, with the share of the item that a document holds."""

import numpy as np
import pyarrow as pa

from tasks.text.batch import TextBatch

MATCHES = pa.schema(
    [
        ("document", pa.int64()),
        ("item", pa.int64()),
        ("start", pa.int64()),
        ("stop", pa.int64()),
        ("overlap", pa.float64()),
    ]
)

SNIPPET = 200
FOUND = pa.schema(
    [
        ("doc_id", pa.uint64()),
        ("item", pa.int64()),
        ("start", pa.int64()),
        ("stop", pa.int64()),
        ("overlap", pa.float64()),
        ("snippet", pa.string()),
    ]
)


def table(document: np.ndarray, item: np.ndarray, start: np.ndarray, stop: np.ndarray, overlap: np.ndarray) -> pa.Table:
    """Return matches: index of the document, number of the item, span in bytes of the batch, share of the item found.

    They are in the order of documents, items and starts.
    """
    order = np.lexsort((start, item, document))
    columns = [np.asarray(column)[order] for column in (document, item, start, stop, overlap)]
    return pa.table(columns, schema=MATCHES)


def joined(
    document: np.ndarray, row: np.ndarray, start: np.ndarray, stop: np.ndarray, index: dict[str, np.ndarray]
) -> pa.Table:
    """Join hits (a piece of the index at ``row`` found in a document, with its span in bytes) into matches.

    Hits of one item that touch become one span. The overlap is the weight of the item's pieces that occur anywhere in
    the document, in the weight of all its pieces.
    """
    counts = np.diff(index["offsets"])[row]
    hit = np.repeat(np.arange(len(row)), counts)
    posting = np.repeat(index["offsets"][row], counts) + _within(counts)
    item = index["items"][posting].astype(np.int64)
    document, start, stop = document[hit], start[hit], stop[hit]
    order = np.lexsort((start, item, document))
    document, item, start, stop, posting = (a[order] for a in (document, item, start, stop, posting))
    pair = np.cumsum(_changes(document) | _changes(item)) - 1
    first = _first_spans(pair, start, stop)
    overlap = _overlaps(pair, posting, index["weights"]) / index["totals"][item[np.unique(pair, return_index=True)[1]]]
    spans = np.flatnonzero(first)
    ends = np.maximum.reduceat(stop, spans) if len(spans) else stop
    return table(document[spans], item[spans], start[spans], ends, np.minimum(overlap[pair[spans]], 1.0))


def _within(counts: np.ndarray) -> np.ndarray:
    """Count from 0 in each group."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


def _changes(values: np.ndarray) -> np.ndarray:
    changed = np.ones(len(values), np.bool_)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _first_spans(pair: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Say of each hit whether it starts a span: nothing of its document and item before it reaches it."""
    if not len(pair):
        return np.zeros(0, np.bool_)
    apart = (int(stop.max()) + 1) * pair
    reach = np.maximum.accumulate(stop + apart)
    first = np.ones(len(pair), np.bool_)
    first[1:] = start[1:] + apart[1:] > reach[:-1]
    return first


def _overlaps(pair: np.ndarray, posting: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weight of the distinct pieces found of each pair of a document and an item.

    They are added in the order in which the index added them, so that a whole item gives exactly its total.
    """
    order = np.lexsort((posting, pair))
    fresh = order[_changes(pair[order]) | _changes(posting[order])]
    return np.bincount(pair[fresh], weights[posting[fresh]])


def shown(batch: TextBatch, doc_ids: pa.ChunkedArray, matches: pa.Table) -> pa.Table:
    """Return matches as they are kept: by doc_id, spans in characters of their documents, with a snippet of each."""
    if not matches.num_rows:
        return FOUND.empty_table()
    document, start, stop = (matches[name].to_numpy() for name in ("document", "start", "stop"))
    before = np.append(0, np.cumsum((batch.data & 0xC0) != 0x80))
    begin = before[batch.offsets[document]]
    # A character has four bytes at most; what is cut in the middle of one is left out.
    pieces = [batch.data[i : min(j, i + 4 * SNIPPET)] for i, j in zip(start, stop, strict=True)]
    columns = {
        "doc_id": doc_ids.take(matches["document"]).combine_chunks(),
        "item": matches["item"].combine_chunks(),
        "start": before[start] - begin,
        "stop": before[stop] - begin,
        "overlap": matches["overlap"].combine_chunks(),
        "snippet": [bytes(piece).decode(errors="ignore")[:SNIPPET] for piece in pieces],
    }
    return pa.table(columns, schema=FOUND)
