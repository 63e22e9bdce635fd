"""Cascades: what a rule that is for some documents only met, removed and let through, with samples to look at."""

import numpy as np
import pyarrow as pa

from tasks.decide import Decided
from tasks.draw import noise
from tasks.run import Run, seed_of

DRAWN = 50
FATES = """
SELECT m.doc_id, m.source, live.tokens, {guard} AS met, {guard} AND NOT {kept} AS dropped
FROM measured m JOIN live USING (doc_id) JOIN (SELECT * FROM rules WHERE step = ? AND rule = ?) r ON {per}
ORDER BY m.doc_id
"""


def account(run: Run, number: int, rules: list[Decided]) -> None:
    """Write down rates and draw the audit samples of every guarded rule, before what it drops leaves.

    Source: O'Brien et al. 2025, arXiv:2508.06601 (escalation and removal rates of a block list before a classifier).
    """
    for rule in rules:
        if rule.inline.where:
            per = (
                f'r.per_value IS NOT DISTINCT FROM m."{rule.inline.per}"::VARCHAR'
                if rule.inline.per
                else "r.per IS NULL"
            )
            sql = FATES.format(guard=rule.guard, kept=rule.kept, per=per)
            _account(run, number, rule.inline.rule.name, run.ledger.table(sql, [number, rule.inline.rule.name]))


def _account(run: Run, number: int, name: str, fates: pa.Table) -> None:
    met, dropped, tokens = (fates[column].to_numpy() for column in ("met", "dropped", "tokens"))
    shares = {"escalation_rate": met, "removal_rate": dropped}
    figures = {f"{name}.{key}": _share(mask) for key, mask in shares.items()}
    figures |= {f"{name}.{key}_of_tokens": _share(mask, tokens) for key, mask in shares.items()}
    rows = [{"step": number, "name": key, "value": value} for key, value in figures.items()]
    run.ledger.insert("metrics", rows)
    for drawn_from, mask in (("dropped", dropped), ("escalated", met & ~dropped), ("unmet", ~met)):
        run.ledger.insert("audit_samples", _drawn(run, number, name, drawn_from, fates["doc_id"].to_numpy()[mask]))


def _share(mask: np.ndarray, weights: np.ndarray | None = None) -> float:
    weights = np.ones(len(mask)) if weights is None else weights
    return float((mask * weights).sum() / weights.sum()) if weights.sum() else 0.0


def _drawn(run: Run, number: int, rule: str, drawn_from: str, doc_ids: np.ndarray) -> pa.Table:
    chosen = doc_ids[np.argsort(noise(doc_ids, seed_of(run.recipe, number)), kind="stable")[:DRAWN]]
    count = len(chosen)
    return pa.table(
        {
            "step": pa.array([number] * count, pa.int32()),
            "rule": pa.array([rule] * count, pa.string()),
            "drawn_from": pa.array([drawn_from] * count, pa.string()),
            "number": pa.array(np.arange(1, count + 1), pa.int32()),
            "doc_id": pa.array(chosen, pa.uint64()),
            "documents": pa.array([len(doc_ids)] * count, pa.int64()),
        }
    )
