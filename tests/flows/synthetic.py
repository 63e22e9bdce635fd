"""A rich ledger without a run: five sources with skewed scores, three filters' worth of drops, clusters, a mixture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.ledger import Ledger

HOSTILE = "forum <script>alert(1)</script>"
SOURCES = {"encyclopedia": 0.34, "web crawl": 0.31, "source code": 0.18, HOSTILE: 0.12, "laws": 0.05}
FILES = (
    ("parquet", "documents", "parquet"),
    ("parquet", "contexts", "parquet"),
    ("jsonl", "documents", "jsonl.zst"),
)
RULES = (
    ("gopher_quality", "min_words", "words", ">=", 50.0),
    ("gopher_quality", "max_words", "words", "<=", 100_000.0),
    ("gopher_quality", "min_mean_word_length", "mean_word_length", ">=", 3.0),
    ("gopher_quality", "max_mean_word_length", "mean_word_length", "<=", 10.0),
    ("gopher_quality", "min_alpha_word_share", "alpha_word_share", ">=", 0.8),
    ("gopher_quality", "min_stop_words", "stop_words", ">=", 2.0),
    ("gopher_repetition", "max_duplicate_line_share", "duplicate_line_share", "<=", 0.3),
    ("gopher_repetition", "max_top_2gram_share", "top_2gram_share", "<=", 0.2),
)
CITATION = "Rae et al. 2021, arXiv:2112.11446, appendix A.1.1"
RECIPE: dict[str, Any] = {
    "name": "five-sources",
    "seed": 7,
    "sources": {name: {"path": [f"data/{i}/*.jsonl.gz"]} for i, name in enumerate(SOURCES)},
    "steps": [{"kind": "filter", "calls": [{"name": "gopher_quality", "settings": {"min_words": 50}}]}],
    "tokenizer": {"file": None},
}


def minimal(path: Path) -> Ledger:
    """Return a ledger as it is before anything has happened: every table empty, no view of scores."""
    return Ledger.create(path)


def rich(path: Path, documents: int = 20_000) -> Ledger:
    """Return a ledger with something to show in every section of the report."""
    ledger = Ledger.create(path)
    random = np.random.Generator(np.random.PCG64(7))
    scores = _documents(ledger, random, documents)
    _steps(ledger)
    ledger.using("CREATE TABLE score_all AS SELECT * FROM given", given=scores)
    ledger.run(
        "CREATE VIEW scores AS SELECT documents.doc_id, score_all.* EXCLUDE (doc_id) "
        "FROM documents LEFT JOIN score_all USING (doc_id)"
    )
    _filter(ledger)
    _duplicates(ledger)
    _mixture(ledger)
    _order(ledger)
    _selection(ledger)
    _labels(ledger)
    _contamination(ledger)
    _cascade(ledger)
    _contexts(ledger)
    _rest(ledger)
    return ledger


def _documents(ledger: Ledger, random: np.random.Generator, n: int) -> pa.Table:
    ids = random.permutation(np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    source = random.choice(len(SOURCES), n, p=list(SOURCES.values()))
    words = np.exp(random.normal(5.6 + 0.3 * source, 1.3)).astype(np.int64) + 1
    names = np.array(list(SOURCES))[source]
    code = source == 2
    sizes = (words * random.normal(5.8, 0.4, n)).astype(np.int64) + 4
    licenses = np.array(["CC-BY-SA-4.0", None, "MIT", None, "public domain"], object)[source]
    ledger.insert(
        "documents",
        pa.table(
            {
                "doc_id": ids, "source": names, "domain": names, "bytes": sizes, "characters": sizes - 2,
                "tokens": np.maximum(sizes // 4, 1), "file": [f"{k}.jsonl.gz" for k in source],
                "url": [f"https://example.org/{k}?a=1&b=<{k}>" for k in range(n)],
                "created": [f"20{k % 25:02d}-0{1 + k % 9}-11" for k in range(n)], "license": licenses.tolist(),
                "row": np.arange(n), "place": np.arange(n), "part": pa.array([0] * n, pa.int32()),
            }
        ),
    )  # fmt: skip
    return pa.table(
        {
            "doc_id": ids,
            "words": words,
            "mean_word_length": np.abs(random.normal(4.9 + 0.9 * code, 0.9 + 0.8 * code)),
            "alpha_word_share": 1 - random.beta(1.2 + 2.5 * code, 9, n),
            "stop_words": np.minimum(random.poisson(np.where(code, 1.5, 5.5)), 8),
            "duplicate_line_share": np.where(random.random(n) < 0.7, 0.0, random.beta(1, 5, n)),
            "top_2gram_share": random.beta(1.5, 22, n),
            "language": random.choice(["en", "de", "fr", "ja", "und"], n, p=[0.7, 0.12, 0.1, 0.05, 0.03]),
            "language_score": np.clip(random.beta(9, 1.1, n), 0, 1),
        }
    )


def _steps(ledger: Ledger) -> None:
    def call(name: str, **settings: Any) -> dict[str, Any]:
        return {"name": name, "settings": settings}

    steps = (
        ("read", []), ("filter", [call("gopher_quality", min_words=50), call("gopher_repetition")]),
        ("filter", []), ("deduplicate", [call("exact"), call("minhash", ngram=5, bands=14, rows=8, verify=0.7)]),
        ("reweight", [call("temperature", alpha=0.7, max_epochs=4)]), ("order", [call("in_context", neighbors=10)]),
        ("pack", [call("best_fit", context_length=2048)]),
    )  # fmt: skip
    ledger.insert(
        "steps",
        [
            {
                "step": k,
                "kind": kind,
                "settings": json.dumps({"kind": kind, "calls": calls, "rules": [1, 2] * (k == 2)}),
            }
            for k, (kind, calls) in enumerate(steps)
        ],
    )
    ledger.insert(
        "rules",
        [
            {"step": 1, "rule_set": group, "rule": f"{group}.{rule}", "score": score, "operator": operator,
             "threshold": threshold, "inverse": False, "citation": CITATION}
            for group, rule, score, operator, threshold in RULES
        ],
    )  # fmt: skip
    inline = {"step": 2, "rule_set": "inline", "inverse": False, "citation": "recipe"}
    per = [
        {**inline, "rule": "language_score >= q0.05", "score": "language_score", "operator": ">=", "per": "source",
         "per_value": name, "quantile": 0.05, "threshold": 0.62 + 0.02 * k}
        for k, name in enumerate(SOURCES)
    ]  # fmt: skip
    label = {
        **inline,
        "rule": "language in [en, de, fr]",
        "score": "language",
        "operator": "in",
        "threshold_label": "en|de|fr",
    }
    ledger.insert("rules", [*per, label])


def _filter(ledger: Ledger) -> None:
    """Write the drops that the rules demand, in SQL of its own."""
    ledger.run(
        "INSERT INTO drops BY NAME SELECT doc_id, 0 AS step, 'not_blank' AS rule, 0 AS value, 1 AS threshold "
        "FROM documents WHERE doc_id % 401 = 0"
    )
    live = "doc_id NOT IN (SELECT doc_id FROM drops WHERE step < {step})"
    selects = [
        f"SELECT doc_id, 1, '{group}.{rule}', {score}::DOUBLE, NULL, {threshold}, NULL FROM scores "
        f"WHERE NOT {score} {operator} {threshold} AND {live.format(step=1)}"
        for group, rule, score, operator, threshold in RULES
    ]
    ledger.run("INSERT INTO drops " + " UNION ALL ".join(selects))
    ledger.run(
        f"""CREATE TEMP TABLE late AS
        SELECT doc_id, 2 AS step, rule, language_score AS value, NULL AS label, threshold, NULL AS threshold_label
        FROM scores JOIN documents USING (doc_id) JOIN rules ON rules.step = 2 AND per_value = source
        WHERE language_score < threshold AND {live.format(step=2)}
        UNION ALL SELECT doc_id, 2, 'language in [en, de, fr]', NULL, language, NULL, 'en|de|fr'
        FROM scores WHERE language NOT IN ('en', 'de', 'fr') AND {live.format(step=2)}"""
    )
    ledger.run("INSERT INTO drops FROM late")


KEPT = "SELECT doc_id FROM documents WHERE doc_id NOT IN (SELECT doc_id FROM fates)"


def _duplicates(ledger: Ledger) -> None:
    """Make clusters among the documents left: a few large, most of two."""
    for method, share, least in (("exact", 31, 1.0), ("minhash", 17, 0.7)):
        ledger.run(
            f"""INSERT INTO duplicates BY NAME
            WITH left_over AS (SELECT doc_id, row_number() OVER (ORDER BY doc_id) AS n FROM ({KEPT})),
            member AS (SELECT doc_id, floor(pow(n % {share * 100}, 1.7) / {share})::BIGINT AS cluster, n FROM left_over
                       WHERE n % {share} < 5),
            named AS (SELECT doc_id, min(doc_id) OVER (PARTITION BY cluster) AS survivor, n FROM member)
            SELECT doc_id, 3 AS step, '{method}' AS method, survivor AS survivor_id, survivor AS cluster_id,
                   {least} + (1 - {least}) * (n % 100) / 100.0 AS similarity
            FROM named WHERE doc_id <> survivor"""
        )
    rows = []
    for k in range(12):
        jaccard = 0.4 + 0.05 * k
        share = 1 - (1 - jaccard**8) ** 14
        found = round(250 * min(1, max(0, share + 0.02 * (-1) ** k)))
        rows.append({"step": 3, "jaccard": jaccard, "pairs": 250, "found": found, "expected": share,
                     "deviation": float(np.sqrt(share * (1 - share) / 250))})  # fmt: skip
    ledger.insert("recall", rows)


def _mixture(ledger: Ledger) -> None:
    rows = ledger.rows(
        f"SELECT domain, count(*) AS documents, sum(tokens)::BIGINT AS tokens FROM documents "
        f"WHERE doc_id IN ({KEPT}) GROUP BY domain"
    )
    whole, raised = sum(r["tokens"] for r in rows), sum(r["tokens"] ** 0.7 for r in rows)
    for row in rows:
        weight = row["tokens"] ** 0.7 / raised
        epochs = weight * whole / row["tokens"]
        row |= {"step": 4, "method": "temperature", "natural_share": row["tokens"] / whole, "weight": weight,
                "epochs": epochs, "effective_tokens": row["tokens"] * min(epochs, 1 + 0.9 * (epochs - 1))}  # fmt: skip
    ledger.insert("mixture", sorted(rows, key=lambda row: row["domain"]))
    ledger.run(
        f"INSERT INTO weights SELECT doc_id, epochs, greatest(1, round(epochs))::INTEGER FROM documents "
        f"JOIN mixture USING (domain) WHERE doc_id IN ({KEPT}) ORDER BY doc_id"
    )


def _order(ledger: Ledger) -> None:
    ledger.run(
        "INSERT INTO places SELECT row_number() OVER (ORDER BY hash(doc_id), copy) - 1, doc_id, copy "
        "FROM (SELECT doc_id, unnest(range(copies))::INTEGER AS copy FROM weights)"
    )
    ledger.run(
        "INSERT INTO segments SELECT position // 4 + (position % 7) // 5, position % 4, doc_id, copy, 0, tokens, "
        "NULL, 'text', 1, 0, 0, true "
        "FROM places JOIN documents USING (doc_id)"
    )
    figures = {
        5: {"adjacent_similarity": 0.4312, "linked_share": 0.913, "jumps": 412,
            "neighbor_hit_share": 0.744, "next_context_similarity": 0.0312, "search_recall": 0.968},
        6: {"contexts": 2891, "padding_share": 0.0012, "extra_contexts": 3, "cut_document_share": 0.0412,
            "avoidably_cut_share": 0.0, "cuts": 811, "conserved": 1.0, "unheard_of_share": 0.25},
    }  # fmt: skip
    ledger.insert(
        "metrics", [{"step": s, "name": n, "value": v} for s, held in figures.items() for n, v in held.items()]
    )


def _selection(ledger: Ledger) -> None:
    for k, name in enumerate((*SOURCES, "all the laws of a country whose name is long")):
        quota, available = 4_000_000 // (k + 1), 900_000 * (k + 1)
        ledger.insert("quotas", [{"step": 2, "method": "hard", "stratum": f"{name} / topic {k}", "quota": quota,
            "available": available, "redistributed": min(available - quota, 500_000), "achieved": min(available, quota),
            "shortfall": max(0, quota - available), "excess": 90 * k,
            "candidates": 900 + k, "documents": 700, "repeats": 3 * k,
            "missing": k, "threshold": None if k == 1 else 0.5 + 0.01 * k}])  # fmt: skip


def _labels(ledger: Ledger) -> None:
    """Give labels of a judge, some of them errors, and figures of a student of two heads, one below its gate."""
    ledger.run(
        """INSERT INTO labels BY NAME
        SELECT 1 AS step, 'judge <b>, quality 2' AS annotator, doc_id, name, row % 5 + 1.0 AS value,
               CASE WHEN row % 11 = 0 THEN 'error' ELSE 'ok' END AS status
        FROM documents, (VALUES ('overall'), ('style')) AS asked(name) WHERE row % 17 = 0
        UNION ALL SELECT 1, 'judge <b>, quality 2', doc_id, 'topic', NULL, 'ok' FROM documents WHERE row % 19 = 0"""
    )
    ledger.insert("metrics", [{"step": 1, "name": "judge <b>, quality 2: requests", "value": 1234.0}])
    ledger.run("UPDATE labels SET label = CASE WHEN doc_id % 3 = 0 THEN 'law' ELSE 'code' END WHERE name = 'topic'")
    ledger.run("UPDATE labels SET value = NULL WHERE status = 'error'")
    rows: list[dict[str, Any]] = []
    for metric, value in (("spearman", 0.8123), ("r", 0.85), ("mae", 0.31), ("calibration_error", 0.0456)):
        rows.append({"head": "overall", "metric": metric, "value": value})
        rows += [{"head": "overall", "metric": metric, "value": value - 0.01 * k, "source": name}
                 for k, name in enumerate(SOURCES) if metric != "calibration_error"]  # fmt: skip
    for k in range(10):
        part = f"{1 + 0.4 * k:.6g} to {1.4 + 0.4 * k:.6g}"
        rows += [{"head": "overall", "metric": metric, "value": 1.2 + 0.4 * k + off, "part": part, "documents": 9 + k}
                 for metric, off in (("expected", 0.0), ("observed", 0.03 * (-1) ** k))]  # fmt: skip
    for metric, value in (("f1", 0.4321), ("kappa", 0.5), ("accuracy", 0.7)):
        rows.append({"head": "topic", "metric": metric, "value": value})
    for label, share in (("law", 0.375), ("code <i>", 0.625)):
        shares = (("f1", 0.5), ("share_labelled", share), ("share_predicted", 1 - share))
        rows += [{"head": "topic", "metric": metric, "value": value, "part": label} for metric, value in shares]
    ledger.insert("agreement", [{"step": 2, "unit": "student", "documents": 157, **row} for row in rows])


def _contamination(ledger: Ledger) -> None:
    """Match items of two sets with documents; of one set nothing is left after the step."""
    for name, stride, action in (("sums.jsonl", 37, "flag"), ("riddles <b>.jsonl", 41, "drop")):
        ledger.run(
            f"""INSERT INTO matches BY NAME
            SELECT 2 AS step, 'ngrams' AS method, doc_id, '{name}' AS evaluation, (row % 29)::VARCHAR AS item,
                   row % 100 AS start, row % 100 + 50 AS stop, 0.01 + (row % 97) / 100.0 AS overlap,
                   '{action}' AS action, 'a span & <i>more</i> ' || row AS snippet
            FROM documents WHERE row % {stride} = 0"""
        )
        left = int(action == "flag")
        ledger.run(
            f"""INSERT INTO evaluations SELECT 2, 'ngrams', '{name}', 50, 49, count(DISTINCT item),
            count(DISTINCT item) / 50, count(DISTINCT doc_id), sum(tokens), {left} * count(DISTINCT item),
            {left} * count(DISTINCT doc_id) FROM matches JOIN documents USING (doc_id) WHERE evaluation = '{name}'"""
        )
    ledger.run(
        """INSERT INTO edits
        SELECT doc_id, 2, row % 7, row % 7 + 5 + row % 3, CASE WHEN row % 2 = 0 THEN '<EMAIL>' ELSE '' END,
               CASE WHEN row % 2 = 0 THEN 'pii.email' ELSE 'symbol_lines.symbols' END
        FROM documents WHERE row % 23 = 0"""
    )
    tokens = {"edits.tokens_before": 1_000_000.0, "edits.tokens_after": 987_654.0}
    ledger.insert("metrics", [{"step": 2, "name": name, "value": value} for name, value in tokens.items()])


def _cascade(ledger: Ledger) -> None:
    rates = {"escalation_rate": 0.25, "removal_rate": 0.0625}
    figures = rates | {f"{name}_of_tokens": value / 2 for name, value in rates.items()}
    ledger.insert("metrics", [{"step": 2, "name": f"classifier.{n}", "value": v} for n, v in figures.items()])
    ledger.run(
        """INSERT INTO audit_samples SELECT 2, 'classifier', drawn_from, number, number, 432
        FROM (VALUES ('dropped'), ('escalated'), ('unmet')) AS kinds(drawn_from), range(1, 51) AS numbers(number)"""
    )
    ledger.run(
        """INSERT INTO clusters BY NAME
        SELECT 2 AS step, printf('c%03d', k) AS "cluster", 'ab12' AS clustering, 900 - 20 * k AS documents,
               (900 - 20 * k) / 20000 AS share, 0.9 AS distance, ['court', '<b>law</b>', 'act ' || k] AS terms,
               (SELECT list(doc_id ORDER BY doc_id) FROM documents WHERE row BETWEEN k AND k + 4) AS nearest,
               CASE WHEN k = 3 THEN 0 ELSE 1 END AS weight FROM range(30) AS numbers(k)"""
    )


def _contexts(ledger: Ledger) -> None:
    """Insert marks before some pieces, mask others, compare orders, and lose tokens of some documents."""
    ledger.run(
        "UPDATE segments SET inserted = [257, 258, 259], role = 'metadata', loss_weight = 0, stop = start "
        "WHERE position = 0 AND context_id % 2 = 1"
    )
    ledger.run("UPDATE segments SET loss_weight = 0 WHERE position = 1 AND context_id % 2 = 0")
    figures = {
        "made.adjacent_similarity": 0.4312, "random.adjacent_similarity": 0.0211,
        "by_source.adjacent_similarity": 0.0913, "made.padding_share": 0.0012, "random.padding_share": 0.0024,
        "by_source.padding_share": 0.0018, "compared_documents": 4000.0,
    }  # fmt: skip
    ledger.insert("metrics", [{"step": 6, "name": name, "value": value} for name, value in figures.items()])
    ledger.insert("steps", [{"step": 7, "kind": "transform", "settings": json.dumps({"kind": "transform",
                  "calls": [{"name": "metadata_prefix", "settings": {}}]})}])  # fmt: skip
    done = {"contexts": 2891.0, "tokens": 987_654.0, "inserted_tokens": 12_345.0, "masked_tokens": 23_456.0,
            "dropped_tokens": 345.0, "repeated_tokens": 0.0, "token opens": 257.0}  # fmt: skip
    rows = [{"step": 7, "name": f"metadata_prefix.{name}", "value": value} for name, value in done.items()]
    ledger.insert("metrics", rows)
    ledger.run(
        "INSERT INTO emitted SELECT doc_id, 0, row % 2, 3 * (row % 3) FROM documents WHERE row % 50 < 2 AND row > 0"
    )


def _rest(ledger: Ledger) -> None:
    name = next(reversed(SOURCES))
    ledger.insert(
        "failures",
        [
            {"step": 0, "source": name, "file": "laws/1848.jsonl.gz", "row": k, "place": 1000 * k, "bytes": 900 + k,
             "error": "not JSON: expected ',' or '}' <b>here</b>" if k % 3 else "gzip stream ends early"}
            for k in range(23)
        ],
    )  # fmt: skip
    ledger.insert(
        "inputs",
        [{"source": s, "file": f"{k}.jsonl.gz", "format": "jsonl", "bytes": 10} for k, s in enumerate(SOURCES)],
    )
    laws = ("every document has an id of its own", "in = kept + dropped + duplicates + failed, per source and step")
    ledger.insert("audits", [{"law": law, "offenders": 0, "allowed": 0, "passed": True} for law in laws])
    ledger.insert(
        "exports",
        [
            {"format": form, "content": content, "path": f"{form}/{content}-{k:05}-of-00002.{suffix}",
             "documents": 4000 - k,
             "contexts": 100 if content == "contexts" else None, "tokens": 1_234_567, "bytes": 45_678_901,
             "sha256": f"{k}c" * 32}
            for form, content, suffix in FILES
            for k in range(2)
        ],
    )  # fmt: skip
    ledger.insert(
        "runs",
        [{"run_id": "5f3c" * 16, "name": "five-sources", "recipe": json.dumps(RECIPE), "recipe_hash": "ab12" * 16,
          "code": "0.1.0 9c2d4e", "seed": 7, "state": "published", "release": "releases/five-sources-5f3c5f3c5f3c"}],
    )  # fmt: skip
