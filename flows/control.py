"""What a rule chooses by accident: its documents beside as many drawn by chance from those that met it.

A filter that is meant to choose by quality may choose by length, by domain or by language instead. What it keeps is
compared with random subsets of the same size: a figure outside all of them is the rule's doing.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.pages.facts import Row
from flows.pages.hypotheses import Change
from flows.pages.judged import measured
from tasks.draw import noise
from tasks.ledger import Ledger

DRAWS = 40
SAMPLE = 200_000  # documents; of more, those whose doc_id is divisible by a number
MOST = 12  # domains and languages, each
MET = """
SELECT m.doc_id, m.characters::DOUBLE AS characters, coalesce(m.domain, '') AS domain, coalesce(spoken, '') AS spoken,
       (m.doc_id IN (SELECT doc_id FROM duplicates UNION SELECT survivor_id FROM duplicates))::DOUBLE AS duplicate,
       {would} AS kept
{documents} LEFT JOIN (SELECT doc_id, {language} AS spoken FROM {scores}) USING (doc_id)
WHERE {met} AND m.doc_id % {stride} = 0 ORDER BY m.doc_id
"""


def control(ledger: Ledger, asked: Change, draws: int = DRAWS) -> list[Row]:
    """Return figures of what a rule keeps beside those of ``draws`` random subsets of as many documents.

    Figures: characters per document (mean, median), the share of documents with a duplicate, the share of each domain
    and language. ``pool`` is of all that met the rule, ``lowest`` and ``highest`` are of the random subsets, and
    ``chosen`` says that what is kept lies outside. The subsets are drawn by hash of doc_id: every call gives the same.
    """
    scored = ledger.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'score_language'")
    language, scores = ("language", "score_language") if scored else ("declared_language", "documents")
    told = {"would": asked.would, "met": asked.met, "documents": measured(ledger)}
    stride = max(1, ledger.value("SELECT count(*) FROM documents") // SAMPLE)
    table = ledger.table(MET.format(**told, language=language, scores=scores, stride=stride))
    kept, doc_ids = table["kept"].to_numpy(), table["doc_id"].to_numpy()
    if not 0 < kept.sum() < len(kept):
        return []
    ranks = np.stack([noise(doc_ids, seed).argsort(kind="stable").argsort() for seed in range(draws)])
    chance = ranks < kept.sum()
    return [_row(what, values, kept, chance, median) for what, values, median in _figures(table)]


def _figures(table: Any) -> Iterator[tuple[str, NDArray[np.float64], bool]]:
    yield "characters, mean", table["characters"].to_numpy(), False
    yield "characters, median", table["characters"].to_numpy(), True
    if table["duplicate"].to_numpy().any():
        yield "share with a duplicate", table["duplicate"].to_numpy(), False
    for column, name in (("domain", "domain"), ("spoken", "language")):
        counts = sorted(table[column].value_counts().to_pylist(), key=lambda row: (-row["counts"], row["values"]))
        for row in counts[:MOST] if len(counts) > 1 else ():
            holds = pc.equal(table[column], row["values"]).to_numpy().astype(float)
            yield f"share of {name} {row['values'] or 'unknown'}", holds, False


def _row(
    what: str, values: NDArray[np.float64], kept: NDArray[np.bool_], chance: NDArray[np.bool_], median: bool
) -> Row:
    middle = np.median if median else np.mean
    drawn = [float(middle(values[mask])) for mask in chance]
    found = float(middle(values[kept]))
    outside = not min(drawn) <= found <= max(drawn)
    figures = {"pool": float(middle(values)), "lowest": min(drawn), "highest": max(drawn), "kept": found}
    return {"figure": what, **figures, "chosen": outside}
