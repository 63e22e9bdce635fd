"""Contexts a set share of which holds several documents of one rare class: burstiness as a dial.

In language, rare things come in bursts, and models learn from context where they do. This packing moves documents
between contexts only, so that each class has as many as before. Where the documents cannot give the share asked for,
the largest that they can give is made, and the figures say which that is. The order of the documents is not kept.
Cost: about that of best fit over the whole corpus, plus looking into contexts for each document of a rare class.
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from schemas.recipe import Count, Share
from tasks.draw import noise
from tasks.order._burstiness import burstiness, rare
from tasks.pack._bursts import labels, most, packed
from tasks.pack._rooms import pieces_of
from tasks.pack._segments import rows_of, segments_table, shuffled, token_counts

REORDERS = True


def bursts(
    documents: pa.Table,
    *,
    context_length: Count = 2048,
    seed: int = 0,
    by: str = "source",
    share: Share = 0.5,
    shots: Annotated[int, Field(ge=2)] = 3,
    ways: Count = 2,
) -> pa.Table:
    """Pack whole documents so that ``share`` of the contexts hold a burst: a rare class ``shots`` times or more.

    Classes are the values of the column ``by`` (a source, label or cluster); those with fewer documents than the median
    class are rare. A context with a burst gets ``shots`` documents of each of ``ways`` different rare classes, drawn in
    proportion to what is left of them; other contexts hold a rare class less than ``shots`` times. Into the room that
    is left go the rare documents left over and then all others, longest first, each where it fits best. A burst takes
    no document longer than context_length / (shots x ways); documents longer than a context are cut, nothing else is.
    Documents in a context and the contexts are shuffled by ``seed``.

    ``documents`` has doc_id, copy, tokens and ``by``. Returns the segments: context_id, position, doc_id, copy, start,
    stop. UnitError: no such column, or a document without tokens.

    Source: Chan et al. 2022, arXiv:2205.05055 (shots, ways, share of bursts); the packing: Gristmill.

    >>> table = pa.table({"doc_id": range(12), "copy": [0] * 12, "tokens": [5] * 12, "source": list("aaaabbbbbbbb")})
    >>> found = bursts(table, context_length=20, share=0.34, shots=3, ways=1)
    >>> sorted(np.bincount(found["context_id"].to_numpy()[found["doc_id"].to_numpy() < 4], minlength=3).tolist())
    [0, 0, 4]
    """
    tokens = token_counts(documents)
    row, start, stop = pieces_of(tokens, context_length)
    size = stop - start
    classes = labels(documents, by)
    label, seldom = classes[row], rare(np.bincount(classes))
    drawn = (noise(np.arange(len(row), dtype=np.uint64), seed) >> np.uint64(1)).astype(np.int64)
    bins, contexts = packed(size, label, seldom, drawn, context_length, share, shots, ways)
    order = np.argsort(drawn, kind="stable")
    place = shuffled(bins, contexts, seed)
    return segments_table(documents, row[order], start[order], stop[order], place[order])


def figures(
    documents: pa.Table, segments: pa.Table, *, context_length: int, by: str, shots: int, ways: int
) -> dict[str, float]:
    """Return burstiness by class, that of the same documents thrown at random, and the largest share there can be."""
    if not len(segments):
        return {}
    classes = labels(documents, by)
    label, seldom = classes[rows_of(segments, documents)], rare(np.bincount(classes))
    context = segments["context_id"].to_numpy()
    thrown = label[np.argsort(noise(np.arange(len(label), dtype=np.uint64), 0))]
    found = burstiness(context, label, repeats=shots, seldom=seldom)
    size = segments["stop"].to_numpy() - segments["start"].to_numpy()
    fit = np.bincount(label[size <= context_length // (shots * ways)], minlength=int(label.max()) + 1)
    bound = most(fit[seldom], shots, ways) / (int(context.max()) + 1)
    random = burstiness(context, thrown, repeats=shots, seldom=seldom)
    return {
        **found,
        **{f"{name}_at_random": value for name, value in random.items()},
        "largest_bursty_share": min(bound, 1.0),
    }
