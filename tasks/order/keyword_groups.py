"""Documents that share a keyword: alike enough to belong together, without being each other's nearest.

The published method has a model write queries for each document and takes the keyphrases from those; here they come
from the document's own words. How it samples large and small groups is not written down well enough to follow: every
document is in one group, and every group is given once. Function words are English. Cost: about 20 MB/s of text, 12
bytes per phrase, and a sort.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.recipe import Count, From0, ShareAbove0
from schemas.table import Column
from tasks.draw import noise
from tasks.order._keyphrases import keyphrases, keywords
from tasks.text.batch import TextBatch

LANGUAGES = ("en",)
COLUMNS = (
    Column("phrases", "UBIGINT[]", "hashes of the document's keyphrases, the best first"),
    Column("phrase_scores", "FLOAT[]", "score of each: how many words its words stand together with"),
)


def measure(batch: TextBatch, *, longest: Count = 4, phrases: Count = 64) -> dict[str, Any]:
    """Find each document's best ``phrases`` of at most ``longest`` words."""
    hashes, scores = keyphrases(batch, longest=longest, most=phrases)
    return {"phrases": hashes, "phrase_scores": scores}


def keyword_groups(
    documents: pa.Table,
    *,
    seed: int,
    common: ShareAbove0 = 0.01,
    least: From0 = 2.0,
    longest: Count = 4,
    phrases: Count = 64,
) -> NDArray[np.int64]:
    """Documents that go by the same keyword next to each other, groups and their documents at random (Quest).

    ``documents`` needs doc_id and the columns of ``measure``. Returns int64 row numbers in the new order, the same
    documents in the same order however the rows arrive.

    A document's keyphrases are its best ``phrases`` runs of at most ``longest`` words without function words, by the
    sum over the words of the words they stand with per occurrence. Those that score under ``least``, and those of more
    than ``common`` of all documents (but at least of ten), are no keywords, nor those of one document alone. A document
    goes by the best that is left; if none other goes by it, by the best that others do; if there is none, it stands
    alone among the groups.

    Source: Gao et al. 2024, arXiv:2405.19846 (grouping); Rose et al. 2010, Automatic keyword extraction from individual
    documents (scores).
    """
    rows = np.argsort(documents["doc_id"].to_numpy(), kind="stable")
    if len(rows) < 2:
        return rows
    documents = documents.take(pa.array(rows))
    doc_ids = documents["doc_id"].to_numpy().astype(np.uint64)
    keyword = keywords(documents, common=common, least=least)
    # Who stands alone is a group under its own number.
    group = np.where(keyword > 0, keyword, doc_ids)
    return rows[np.lexsort((doc_ids, noise(doc_ids, seed), group, noise(group, seed + 1)))]
