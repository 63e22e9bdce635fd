"""What the data card says: facts of the ledger, put together for ``templates/card.md``."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from flows.pages import facts, labels
from flows.pages.facts import Row, total
from flows.pages.numbers import count, part, percent
from tasks import units
from tasks.ledger import Ledger

SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")
SHOWN = 20
ENGLISH = ("gopher_quality", "c4_quality")


def escaped(text: Any) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line.

    >>> escaped("a|b\\n<i>")
    'a\\\\|b \\\\<i\\\\>'
    """
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def told(ledger: Ledger) -> Row:
    """Return everything that the card's template names."""
    run, steps, lives = facts.run(ledger), facts.steps(ledger), facts.lives(ledger)
    languages = facts.facet(ledger, "language") or facts.facet(ledger, "declared_language")
    licenses = facts.facet(ledger, "license")
    return {
        "run": run,
        "settings": yaml.safe_dump(run["recipe"], sort_keys=False, allow_unicode=True, width=100),
        "front": _front(run, languages),
        "sources": [_source(lives, name) for name in facts.sources(lives)],
        "whole": {"name": "all sources", **_flow(lives)},
        "outcomes": {o: sum(r["documents"] for r in lives if r["outcome"] == o) for o in labels.OUTCOMES},
        "licenses": _shown(licenses),
        "languages": _shown(languages),
        "identified": bool(facts.facet(ledger, "language")),
        "created": ledger.rows(CREATED)[0],
        "mixture": ledger.rows("SELECT * FROM mixture ORDER BY step, weight DESC, domain"),
        "steps": [{**step, "units": _units(step)} for step in steps],
        "rules": ledger.rows(RULES),
        "formats": [row["format"] for row in ledger.rows("SELECT DISTINCT format FROM inputs ORDER BY format")],
        "files": ledger.rows("SELECT * FROM exports ORDER BY path"),
        "loads": _loads(ledger),
        "copies": ledger.rows("SELECT count(*) AS documents, coalesce(sum(copies), 0)::BIGINT AS copies FROM weights")[
            0
        ],
        "notes": _notes(ledger),
        "limits": _limits(run, steps, lives, licenses, languages),
        "audits": ledger.rows("SELECT count(*) AS laws, count(*) FILTER (passed) AS hold FROM audits")[0],
        "example": ledger.rows("SELECT doc_id FROM drops ORDER BY doc_id LIMIT 1"),
    }


def _notes(ledger: Ledger) -> list[str]:
    """Return a line each for labels, evaluation items and edits, of those that the run has."""
    found = []
    [given] = ledger.rows(LABELLED)
    if given["labels"]:
        errors = f"; {count(given['errors'])} more could not be had" if given["errors"] else ""
        found.append(
            f"Annotation: {count(given['labels'])} labels of {count(given['names'])} kinds for "
            f"{count(given['documents'])} documents, by {', '.join(map(escaped, given['annotators']))}{errors}. "
            "The table `agreement` says how well students agree with labels that they have not seen."
        )
    for row in ledger.rows(SOUGHT):
        found.append(
            f"Decontamination (step {row['step']}, {escaped(row['method'])}): of {count(row['items'])} items of "
            f"{escaped(', '.join(row['sets']))}, {count(row['found'])} were found in documents, "
            f"{count(row['found_after'])} still are after the step."
        )
    for row in ledger.rows(EDITED):
        found.append(
            f"Edits (step {row['step']}): {count(row['spans'])} spans of {count(row['documents'])} documents, "
            f"{count(row['taken'])} characters taken and {count(row['put'])} put in their place."
        )
    return found


LABELLED = """
SELECT count(*) FILTER (status = 'ok') AS labels, count(*) FILTER (status <> 'ok') AS errors,
       count(DISTINCT name) AS names, count(DISTINCT doc_id) AS documents,
       coalesce(list(DISTINCT annotator ORDER BY annotator), []) AS annotators FROM labels
"""

SOUGHT = """
SELECT step, method, sum("items")::BIGINT AS items, sum(found)::BIGINT AS found,
       sum(found_after)::BIGINT AS found_after, list(evaluation ORDER BY evaluation) AS sets
FROM evaluations GROUP BY step, method ORDER BY step, method
"""

EDITED = """
SELECT step, count(*) AS spans, count(DISTINCT doc_id) AS documents, sum(stop - start)::BIGINT AS taken,
       sum(length(replacement))::BIGINT AS put FROM edits GROUP BY step ORDER BY step
"""

CREATED = """
SELECT min(created) FILTER (dated) AS first, max(created) FILTER (dated) AS last, count(*) FILTER (dated) AS dated,
       count(*) AS documents
FROM (
    SELECT created, coalesce(regexp_matches(created, '^[0-9]{4}'), false) AS dated FROM documents
    WHERE NOT EXISTS (FROM fates WHERE fates.doc_id = documents.doc_id)
)
"""

RULES = """
SELECT step, rule_set, count(DISTINCT rule) AS rules, any_value(citation) AS citation,
       coalesce(bool_or(inverse), false) AS inverse
FROM rules GROUP BY step, rule_set ORDER BY step, min(rowid)
"""


def _front(run: Row, languages: Sequence[Row]) -> str:
    codes = sorted({row["name"] for row in languages if re.fullmatch(r"[a-z]{2,3}", row["name"] or "")})
    front = {"pretty_name": run["name"], **({"language": codes} if codes else {}), "tags": ["pretraining", "gristmill"]}
    return yaml.safe_dump(front, sort_keys=False, allow_unicode=True)


def _source(lives: Sequence[Row], name: str) -> Row:
    return {"name": name, **_flow([row for row in lives if row["source"] == name])}


def _flow(rows: Sequence[Row]) -> Row:
    flow = {f"{what}_in": total(rows, what) for what in ("documents", "bytes", "tokens")}
    return flow | {f"{what}_kept": total(rows, what, kept=True) for what in ("documents", "bytes", "tokens")}


def _shown(rows: Sequence[Row]) -> Row:
    rest = rows[SHOWN:]
    return {
        "rows": rows[:SHOWN],
        "others": len(rest),
        "other_documents": sum(row["documents"] for row in rest),
        "other_tokens": sum(row["tokens"] for row in rest),
    }


def _units(step: Row) -> list[Row]:
    found = []
    for call in step["calls"]:
        meaning, source = facts.cited(step["kind"], str(call.get("name")))
        settings = ", ".join(f"{key}={value}" for key, value in (call.get("settings") or {}).items())
        found.append({"name": call.get("name"), "meaning": meaning, "source": source, "settings": settings})
    return found


def _loads(ledger: Ledger) -> list[Row]:
    """Return, per format and content, the pattern of the files' paths."""
    held: dict[tuple[str, str], list[str]] = {}
    for row in ledger.rows("SELECT format, content, path FROM exports ORDER BY path"):
        held.setdefault((row["format"], row["content"]), []).append(row["path"])
    return [
        {"format": form, "content": content, "pattern": _pattern(paths[0]), "note": units.unit("write", form).note}
        for (form, content), paths in held.items()
    ]


def _pattern(path: str) -> str:
    """Return a glob for a file and those that differ from it in their numbers only.

    >>> _pattern("jsonl/documents-00000-of-00002.jsonl.zst")
    'jsonl/documents-*-of-*.jsonl.zst'
    """
    file = PurePosixPath(path)
    return str(file.with_name(re.sub(r"\d+", "*", file.name)))


def _limits(
    run: Row, steps: Sequence[Row], lives: Sequence[Row], licenses: Sequence[Row], languages: Sequence[Row]
) -> list[str]:
    """Return what a user of the data must know, each sentence from a fact of the run."""
    kept = total(lives, "documents", kept=True)
    found = [
        "Only the steps above were applied. What none of them looks for may be in the texts: personal data, harmful or "
        "wrong statements, passages of evaluation sets."
    ]
    unstated = sum(row["documents"] for row in licenses if not row["name"])
    if unstated:
        found.append(f"For {count(unstated)} of {count(kept)} documents the input states no licence.")
    if not (run["recipe"].get("tokenizer") or {}).get("file"):
        found.append("Tokens are UTF-8 bytes plus one end-of-text token per document; a trained tokenizer gives fewer.")
    called = {str(call.get("name")) for step in steps for call in step["calls"]}
    other = sum(row["documents"] for row in languages if row["name"] not in (None, "", "en"))
    if called.intersection(ENGLISH) and other:
        share = percent(part(other, sum(row["documents"] for row in languages)))
        found.append(
            f"Rules written for English were applied to all languages; {share} of the documents are in others."
        )
    failed = sum(row["documents"] for row in lives if row["outcome"] == "failed")
    if failed:
        found.append(
            f"{count(failed)} records could not be processed and are missing; the table `failures` names each."
        )
    if "deduplicate" not in {step["kind"] for step in steps}:
        found.append("Duplicates were not looked for.")
    elif "minhash" in called:
        found.append("MinHash finds similar pairs by chance: the table `recall` gives the share found per similarity.")
    return found
