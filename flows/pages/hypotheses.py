"""What a ledger says about rules other than its own: from stored scores, without reading a text or writing a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.pages import facts
from flows.pages.facts import Row
from flows.pages.judged import FALLING, KEPT, RISING, Judged, Threshold, judged, measured, stays
from schemas.errors import LedgerError, unknown
from schemas.recipe import inline_rule
from schemas.rule import mismatch
from tasks.ledger import Ledger

LOOKING = ("score", "filter", "annotate")
GRID = (0.0, 0.01, 0.02, 0.05, *(k / 10 for k in range(1, 10)), 0.95, 0.98, 0.99, 1.0)
SAMPLE = 50_000
STRONG = 0.5
MOST_RULES = 40


@dataclass(frozen=True)
class Change:
    """A rule asked of a ledger: the rule as asked, the one that it stands for if any, and the rest of its step.

    ``horizon`` is the last step that scores alone can tell of: the one before the next that compares documents.
    """

    asked: Judged
    now: Judged | None
    others: tuple[Judged, ...]
    later: tuple[Judged, ...]
    horizon: int
    ends: str

    @property
    def step(self) -> int:
        """The step at which the rule is applied; a new one is applied to what that step leaves."""
        return self.asked.step

    @property
    def met(self) -> str:
        """Which documents meet the rule, as SQL."""
        return f"m.gone >= {self.step}" if self.now else f"m.gone > {self.step}"

    @property
    def kept(self) -> str:
        """Which documents stayed, as SQL."""
        return f"m.gone > {self.step}"

    @property
    def would(self) -> str:
        """Which documents would stay, as SQL."""
        return stays([self.asked, *self.others]) if self.now else self.asked.passes


def change(ledger: Ledger, text: str, *, rule: str | None = None, new: bool = False) -> Change:
    """Read a rule such as 'language_score >= 0.7' and find the one that it stands for.

    That is the one named ``rule`` (with its step, '2: words >= 50', where two steps have it), or the only one that
    compares the same score in the same direction; with ``new``, or where there is none, it is a further rule after the
    last filter. Quantiles that later rules go by stay as they were. LedgerError says what is not clear.
    """
    inline = inline_rule(text)
    asked = inline.rule
    known = facts.columns(ledger)
    if asked.score not in known:
        raise LedgerError(unknown("score", asked.score, known))
    if wrong := mismatch(asked, known[asked.score] == "VARCHAR"):
        raise LedgerError(wrong)
    rules = judged(ledger)
    now = None if new else _stands_for(rules, asked.score, asked.operator, rule)
    step = now.step if now else max((found.step for found in rules), default=0)
    threshold: Threshold = asked.threshold
    if inline.quantile is not None:
        threshold = ledger.value(
            f'SELECT quantile_disc(m."{asked.score}", {inline.quantile})::DOUBLE {measured(ledger)} '
            f"WHERE m.gone {'>=' if now else '>'} {step}"
        )
    if now:
        changed = now.at(threshold)
        changed = Judged(**{**vars(changed), "operator": asked.operator})
    else:
        changed = Judged(step, text, "asked", asked.score, asked.operator, ((None, threshold),))
    return placed(ledger, rules, changed, now)


def _stands_for(rules: Sequence[Judged], score: str, operator: str, name: str | None) -> Judged | None:
    same = next((group for group in (RISING, FALLING) if operator in group), (operator,))
    if name is not None:
        found = [rule for rule in rules if name in (rule.rule, f"{rule.step}: {rule.rule}")]
        if not found:
            raise LedgerError(unknown("rule", name, {rule.rule for rule in rules}))
        if found[0].score != score:
            raise LedgerError(f"the rule {name} compares {found[0].score}, not {score}")
    else:
        found = [rule for rule in rules if rule.score == score and rule.operator in same]
    if len(found) > 1:
        named = ", ".join(f"'{rule.step}: {rule.rule}'" for rule in found)
        raise LedgerError(f"several rules compare {score}: {named}; name one with --rule, or ask for a --new one")
    return found[0] if found else None


def placed(ledger: Ledger, rules: Sequence[Judged], asked: Judged, now: Judged | None) -> Change:
    """Return a rule that is asked in place of one of the ``rules`` of a ledger, or beside them."""
    steps = {row["step"]: row["kind"] for row in facts.steps(ledger)}
    ends = [step for step, kind in steps.items() if step > asked.step and kind not in LOOKING]
    horizon = min(ends, default=max(steps) + 1) - 1
    return Change(
        asked,
        now,
        tuple(rule for rule in rules if rule.step == asked.step and rule is not now) if now else (),
        tuple(rule for rule in rules if asked.step < rule.step <= horizon),
        horizon,
        steps[min(ends)] if ends else "",
    )


def effect(ledger: Ledger, asked: Change) -> list[Row]:
    """Return what a change does per source and domain, in documents and tokens.

    ``met`` the rule, ``kept`` by the step, ``would_keep``; ``newly_dropped`` and ``newly_kept`` are the difference;
    ``released`` of the newly dropped are in the release. ``through`` and ``would_through`` are those left at the
    horizon, ``untold`` of the newly kept lack the scores that would tell. ``missing`` have no value.
    """
    later = stays(asked.later)
    untold = " OR ".join(rule.unknown for rule in asked.later) or "false"
    gained = "(would AND NOT kept)"
    lost = "(kept AND NOT would)"
    measures = {
        "documents": "count(*) FILTER ({0})",
        "tokens": "coalesce(sum(tokens) FILTER ({0}), 0)::BIGINT",
    }
    told = {
        "met": "true", "kept": "kept", "would_keep": "would", "newly_dropped": lost, "newly_kept": gained,
        "released": f"{lost} AND gone = {KEPT}", "through": f"gone > {asked.horizon}",
        "would_through": f"would AND (gone > {asked.horizon} OR NOT kept AND later)",
        "untold": f"{gained} AND untold", "missing": "missing",
    }  # fmt: skip
    columns = [
        f"{form.format(what)} AS {name}{'_tokens' if measure == 'tokens' else ''}"
        for measure, form in measures.items()
        for name, what in told.items()
    ]
    return ledger.rows(
        f"SELECT source, domain, {', '.join(columns)} FROM (SELECT m.source, m.domain, m.tokens, m.gone, "
        f"{asked.kept} AS kept, {asked.would} AS would, {later} AS later, {untold} AS untold, "
        f"{asked.asked.value} IS NULL AS missing {measured(ledger)} WHERE {asked.met}) GROUP BY ALL ORDER BY ALL"
    )


def summed(rows: Sequence[Row], by: str | None = None) -> list[Row]:
    """Add up the numbers of rows of ``effect`` or ``curve`` per value of a column, or all of them."""
    sums: dict[Any, Row] = {}
    for row in rows:
        into = sums.setdefault(row[by] if by else None, {by: row[by]} if by else {})
        for name, value in row.items():
            if isinstance(value, int) and not isinstance(value, bool):
                into[name] = into.get(name, 0) + value
    return [sums[key] for key in sorted(sums, key=str)]


EXAMPLE = "m.doc_id, m.source, coalesce(m.url, m.id) AS name, {0}::VARCHAR AS value"


def near(ledger: Ledger, asked: Change, wanted: int) -> list[Row]:
    """Return the documents nearest to the present threshold (of a new rule: to the one asked), on either side."""
    rule = asked.now or asked.asked
    if not rule.numbers:
        return []
    sides = [
        f"(SELECT {passes} AS passes, {EXAMPLE.format(rule.value)} {measured(ledger)} "
        f"WHERE {asked.met} AND {rule.value} IS NOT NULL AND {rule.passes} = {passes} "
        f"ORDER BY abs({rule.value} - {rule.threshold}), m.doc_id LIMIT {wanted})"
        for passes in ("false", "true")
    ]
    return ledger.rows(" UNION ALL ".join(sides))


def moved(ledger: Ledger, asked: Change, wanted: int) -> list[Row]:
    """Return a few documents that the change would drop, and a few that it would keep, whichever they are."""
    sides = [
        f"(SELECT '{name}' AS change, {EXAMPLE.format(asked.asked.value)} {measured(ledger)} "
        f"WHERE {asked.met} AND {where} ORDER BY m.doc_id LIMIT {wanted})"
        for name, where in (
            ("newly dropped", f"{asked.kept} AND NOT ({asked.would})"),
            ("newly kept", f"NOT {asked.kept} AND {asked.would}"),
        )
    ]
    return ledger.rows(" UNION ALL ".join(sides))


def grid(ledger: Ledger, asked: Change) -> list[float]:
    """Return thresholds to ask: the score's quantiles among those that meet the rule, and the ones in use."""
    probes = ", ".join(map(str, GRID))
    found = ledger.value(
        f"SELECT quantile_disc({asked.asked.value}::DOUBLE, [{probes}]) {measured(ledger)} WHERE {asked.met}"
    )
    return sorted({*(found or ()), *(asked.now.numbers if asked.now else ())})


def curves(
    ledger: Ledger,
    asked: Sequence[tuple[Change, Sequence[float]]],
    by: Sequence[str] = ("source", "domain"),
    stride: int = 1,
) -> list[list[Row]]:
    """Return per change and threshold (rising) what would be kept, by source and domain: documents and tokens.

    Looked at are the documents that meet the rule, have a value and pass the other rules of the step; of these, the
    ones whose doc_id is divisible by ``stride``. One scan.
    """
    if not asked:
        return []
    bins = [
        f"CASE WHEN {c.met} AND {stays(c.others)} AND {c.asked.value} IS NOT NULL THEN {_bin(c.asked, at)} END AS b{k}"
        for k, (c, at) in enumerate(asked)
    ]
    places = ", ".join(by)
    sets = ", ".join(f"({places}, b{k})" for k in range(len(asked)))
    which = "CASE " + " ".join(f"WHEN grouping(b{k}) = 0 THEN {k}" for k in range(len(asked))) + " END"
    held = ", ".join(f"b{k}" for k in range(len(asked)))
    rows = ledger.rows(
        f"SELECT {which} AS curve, coalesce({held}) AS bin, {places}, count(*) AS documents, "
        f"coalesce(sum(tokens), 0)::BIGINT AS tokens FROM (SELECT m.source, m.domain, m.tokens, {', '.join(bins)} "
        f"{measured(ledger)} WHERE m.doc_id % {stride} = 0) "
        f"GROUP BY GROUPING SETS ({sets}) HAVING bin IS NOT NULL ORDER BY ALL"
    )
    return [
        _accumulated([row for row in rows if row["curve"] == k], c.asked.operator, at, by)
        for k, (c, at) in enumerate(asked)
    ]


def _bin(rule: Judged, thresholds: Sequence[float]) -> str:
    """How many of the thresholds lie below a value, or at it where such a value passes or fails with those below."""
    below = "<=" if rule.operator in (">=", "<") else "<"
    return " + ".join(f"({at!r}::DOUBLE {below} {rule.value})::INTEGER" for at in map(float, thresholds)) or "0"


def _accumulated(rows: Sequence[Row], operator: str, thresholds: Sequence[float], by: Sequence[str]) -> list[Row]:
    bins: dict[tuple[Any, ...], NDArray[np.int64]] = {}
    for row in rows:
        held = bins.setdefault(tuple(row[name] for name in by), np.zeros((2, len(thresholds) + 1), np.int64))
        held[:, row["bin"]] += (row["documents"], row["tokens"])
    found = []
    for place, held in sorted(bins.items(), key=str):
        rising = operator in RISING
        sums = held[:, ::-1].cumsum(1)[:, ::-1][:, 1:] if rising else held.cumsum(1)[:, :-1]
        met = held.sum(1).tolist()
        for threshold, documents, tokens in zip(thresholds, *sums.tolist(), strict=True):
            kept = {"met": met[0], "met_tokens": met[1], "documents": documents, "tokens": tokens}
            found.append({**dict(zip(by, place, strict=True)), "threshold": threshold, **kept})
    return found


@dataclass(frozen=True)
class Overlap:
    """Rules against each other, over all documents that were read and not refused.

    ``fails`` each, ``alone`` no other; ``both[i, j]`` fail both, ``known[i, j]`` fail i and have the score of j.
    """

    rules: list[Judged]
    documents: int
    fails: NDArray[np.int64]
    alone: NDArray[np.int64]
    both: NDArray[np.int64]
    known: NDArray[np.int64]

    def pairs(self) -> list[Row]:
        """Return the pairs of rules that some document fails, the most alike first."""
        found = []
        for i, j in combinations(range(len(self.rules)), 2):
            shared, one, other = int(self.both[i, j]), int(self.known[i, j]), int(self.known[j, i])
            if shared:
                found.append(
                    {
                        "rule": self.rules[i].rule, "other": self.rules[j].rule, "both": shared,
                        "share_of_rule": shared / one, "share_of_other": shared / other,
                        "similarity": shared / (one + other - shared),
                    }
                )  # fmt: skip
        return sorted(found, key=lambda row: (-row["similarity"], -row["both"], row["rule"], row["other"]))


def overlap(ledger: Ledger) -> Overlap:
    """Judge every document by every rule that its scores allow, whatever step it left at; one scan."""
    rules = judged(ledger)[:MOST_RULES]
    marks = [f"CASE WHEN {r.unknown} THEN '-' WHEN {r.passes} THEN '0' ELSE '1' END" for r in rules]
    rows = ledger.rows(
        f"SELECT concat({', '.join(marks) or repr('')}) AS marks, count(*) AS documents {measured(ledger)} "
        "WHERE m.gone > 0 GROUP BY marks ORDER BY marks"
    )
    documents = np.array([row["documents"] for row in rows], np.int64)
    seen = np.array([list(row["marks"]) for row in rows]).reshape(len(rows), len(rules))
    failed, told = (seen == "1").astype(np.int64), (seen != "-").astype(np.int64)
    weighed = failed * documents[:, None]
    alone = (weighed * (failed.sum(1) == 1)[:, None]).sum(0)
    return Overlap(rules, int(documents.sum()), weighed.sum(0), alone, weighed.T @ failed, weighed.T @ told)


def correlations(ledger: Ledger) -> tuple[list[Row], int]:
    """Return Spearman's correlation of each score with length and with duplicates, and the documents looked at.

    ``follows`` marks a share or a probability that says much the same as a document's length, or its repetition;
    counts grow with the text by nature. Beyond 50,000 documents, those whose doc_id is divisible by a number.
    """
    types = {name: kind for name, kind in facts.columns(ledger).items() if kind in facts.NUMERIC}
    kin = _kin(ledger)
    names = [name for name in types if name in kin]
    if not names:
        return [], 0
    repeats = next((n for n in ("duplicate_5gram_share", *sorted(names)) if n in kin and n.startswith("duplicate")), "")
    stride = max(1, ledger.value("SELECT count(*) FROM documents") // SAMPLE)
    asked = ", ".join(f'm."{name}"::DOUBLE AS "{name}"' for name in dict.fromkeys(["characters", *names]))
    table = ledger.table(f"SELECT {asked} {measured(ledger)} WHERE m.gone > 0 AND m.doc_id % {stride} = 0")
    ranks = {name: table[name].to_numpy() for name in table.column_names}
    rows = []
    for name in names:
        length = spearman(ranks[name], ranks["characters"])
        again = spearman(ranks[name], ranks[repeats]) if repeats and name != repeats else None
        share = types[name] in ("DOUBLE", "FLOAT")
        follows = [what for what, found, own in (
            ("length", length, not share), ("repetition", again, kin[name] == kin.get(repeats)),
        ) if found is not None and abs(found) >= STRONG and not own]  # fmt: skip
        most = max(abs(length or 0), abs(again or 0))
        rows.append((-most, name, {"length": length, "duplicates": again, "follows": " and ".join(follows)}))
    return [{"score": name, **row} for _, name, row in sorted(rows, key=lambda row: row[:2])], len(table)


def _kin(ledger: Ledger) -> dict[str, str]:
    """The scores with the table that each is in; of a ledger without such tables, all are in one."""
    rows = ledger.rows(
        "SELECT column_name AS name, table_name AS home FROM duckdb_columns() "
        "WHERE starts_with(table_name, 'score_') AND column_name <> 'doc_id'"
    )
    return {row["name"]: row["home"] for row in rows}


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Return the correlation of ranks, ties sharing theirs, over pairs that are both there; None if one is constant.

    >>> spearman(np.array([1.0, 2, 3, 9]), np.array([1.0, 4, 9, 10])), spearman(np.array([1.0, 1]), np.array([1.0, 2]))
    (1.0, None)
    """
    there = ~(np.isnan(one) | np.isnan(other))
    first, second = (_ranks(values[there]) for values in (one, other))
    if not len(first) or first.std() == 0 or second.std() == 0:
        return None
    return round(float(np.corrcoef(first, second)[0, 1]), 12)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place])
