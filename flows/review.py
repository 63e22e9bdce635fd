"""Documents put before a person, and what the person says of them counted: the gate that no score replaces.

A sample is a file with a row per document and an empty column ``verdict``; the same file, filled in, is read back. What
it was drawn from is in the file, so nothing else is needed to read it.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from scipy.stats import binomtest

from flows.terminal import output, table
from schemas.errors import InputError, LedgerError, ReviewError, unknown
from schemas.table import quoted
from tasks.draw import noise
from tasks.ledger import Ledger
from tasks.text.edits import with_edits

Row = dict[str, Any]
COLUMNS = ("group", "stratum", "fate", "documents", "number", "doc_id", "source", "name", "url", "text", "verdict")
WORDS = {"keep": True, "accept": True, "yes": True, "drop": False, "reject": False, "no": False}
CHARACTERS = 4_000
CASCADE = """
SELECT 'step ' || step || ': ' || rule AS "group", drawn_from AS stratum,
       CASE drawn_from WHEN 'dropped' THEN 'dropped' ELSE 'kept' END AS fate, documents, number, doc_id
FROM audit_samples ORDER BY step, rule, drawn_from, number
"""
KEPT = "SELECT doc_id, {by}::VARCHAR AS stratum FROM measured SEMI JOIN weights USING (doc_id) ORDER BY doc_id"
DESCRIBED = (
    "SELECT doc_id, documents.source, coalesce(id, file || ':' || row) AS name, url FROM documents "
    "SEMI JOIN wanted USING (doc_id)"
)
EDITS = "SELECT doc_id, start, stop, replacement FROM edits SEMI JOIN wanted USING (doc_id) ORDER BY ALL"


def write(ledger: Ledger, file: Path, *, by: str | None = None, documents: int = 50) -> int:
    """Write a sample to be looked at, JSON Lines or CSV by the file's name, and return how many documents it has.

    Without ``by`` they are the audit samples of the run: up to 50 that each rule with a `where` dropped, let pass, or
    was not for. With it, ``documents`` per value of a column among those that were kept, drawn by the run's seed.
    Raises LedgerError if there is nothing to draw from, or a file that may hold verdicts already.
    """
    if file.exists():
        raise LedgerError(f"{file} is there already and may hold verdicts: name another file, or read it with --read")
    rows = ledger.rows(CASCADE) if by is None else list(_drawn(ledger, by, documents))
    if not rows:
        raise LedgerError(
            "the run drew no audit samples: no rule has a `where`; name a column, such as --by source"
            if by is None
            else f"no document that was kept has a value of {by}"
        )
    _save(file, list(_described(ledger, rows)))
    return len(rows)


def _drawn(ledger: Ledger, by: str, documents: int) -> Iterator[Row]:
    known = [row["name"] for row in ledger.rows("SELECT column_name AS name FROM (DESCRIBE measured)")]
    if by not in known:
        raise LedgerError(unknown("column", by, known))
    found = ledger.table(KEPT.format(by=f'"{by}"')).drop_null()
    order = noise(found["doc_id"].to_numpy(), ledger.value("SELECT seed FROM runs")).argsort(kind="stable")
    ranked = sorted(found.take(pa.array(order)).to_pylist(), key=itemgetter("stratum"))
    for stratum, members in groupby(ranked, key=itemgetter("stratum")):
        every = list(members)
        for number, row in enumerate(every[:documents], 1):
            place = {"group": by, "stratum": stratum, "fate": "kept", "documents": len(every)}
            yield place | {"number": number, "doc_id": row["doc_id"]}


def _described(ledger: Ledger, rows: list[Row]) -> Iterator[Row]:
    wanted = pa.table({"doc_id": pa.array({row["doc_id"] for row in rows}, pa.uint64())})
    about = {row["doc_id"]: row for row in ledger.table(DESCRIBED, wanted=wanted).to_pylist()}
    texts = _texts(ledger, wanted)
    for row in rows:
        number = row["doc_id"]
        text = texts.get(number, "")
        # A spreadsheet would round a 64-bit number.
        named = {**about[number], "doc_id": str(number), "text": text[:CHARACTERS], "verdict": ""}
        yield {name: {**row, **named}[name] for name in COLUMNS}


def _texts(ledger: Ledger, wanted: pa.Table) -> dict[int, str]:
    """The texts of documents as edits have left them, where the warehouse still has them."""
    parts = ledger.table(
        "SELECT DISTINCT path FROM parts SEMI JOIN (SELECT part FROM documents SEMI JOIN wanted USING (doc_id)) "
        "USING (part) ORDER BY path",
        wanted=wanted,
    )
    files = [ledger.path.parent / path / "texts.parquet" for path in parts["path"].to_pylist()]
    there = ", ".join(quoted(str(file)) for file in files if file.is_file())
    if not there:
        return {}
    read = f"read_parquet([{there}], hive_partitioning = false)"
    texts = ledger.table(f"SELECT doc_id, text FROM {read} SEMI JOIN wanted USING (doc_id)", wanted=wanted)
    columns = {"doc_id": texts["doc_id"], "text": texts["text"].cast(pa.large_string())}
    edited = with_edits(pa.table(columns), ledger.table(EDITS, wanted=wanted))
    return dict(zip(edited["doc_id"].to_pylist(), edited["text"].to_pylist(), strict=True))


def _save(file: Path, rows: list[Row]) -> None:
    if file.suffix == ".jsonl":
        file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    elif file.suffix == ".csv":
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    else:
        raise InputError(f"a sample is written to a .jsonl or .csv file, got {file.name}")


def read(file: Path, *, least: float | None = None, confidence: float = 0.95) -> None:
    """Print how often the person agrees with what became of the documents; ReviewError if a bound is below ``least``.

    The bound is the lower one of Wilson's interval, per stratum.
    """
    rows = list(_judged(file))
    strata = counted(rows, confidence)
    shares = {"agreed": "agreed %", "low": "from", "high": "to"}
    table([{shares.get(k, k): _percent(v) if k in shares else v for k, v in row.items()} for row in strata])
    for row in misses(strata):
        output.print(
            f"{row['group']}: of the documents that a person would drop, {_percent(row['missed'])} % stayed "
            f"({_percent(row['low'])} to {_percent(row['high'])})",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    low = [row for row in strata if least is not None and row["low"] < least]
    if low:
        named = ", ".join(f"{row['group']} = {row['stratum']} ({row['low']:.3f})" for row in low)
        raise ReviewError(f"agreement may be below {least:g}: the lower bound is, of {named}; look at more, or drop it")


def _judged(file: Path) -> Iterator[Row]:
    for number, row in enumerate(_load(file), 1):
        missing = [name for name in ("group", "stratum", "fate", "documents", "verdict") if row.get(name) is None]
        if missing:
            raise InputError(f"{file.name}, document {number}: it has no {missing[0]}; was it written by `review`?")
        said = str(row["verdict"]).strip().lower()
        if said and said not in WORDS:
            raise InputError(
                f"{file.name}, document {number}: {unknown('verdict', said, WORDS)} (or nothing, if it was not read)"
            )
        yield {**row, "documents": int(row["documents"]), "keep": WORDS.get(said)}


def _load(file: Path) -> Iterable[Row]:
    try:
        if file.suffix == ".jsonl":
            return [orjson.loads(line) for line in file.read_bytes().split(b"\n") if line.strip()]
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the sample {file}: {error}") from None


def counted(rows: Iterable[Row], confidence: float) -> list[Row]:
    """Return per stratum how many were read, and the share of agreement with their fate with Wilson's interval.

    ``dropped`` agrees when the person would drop it, ``kept`` when they would keep it; a row without a verdict is left
    out, and a stratum without any has the interval from 0 to 1.
    """
    found = []
    strata: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        strata.setdefault((row["group"], row["stratum"], row["fate"]), []).append(row)
    for (group, stratum, fate), members in sorted(strata.items(), key=itemgetter(0)):
        said = [row["keep"] for row in members if row["keep"] is not None]
        agreed = sum(keep == (fate == "kept") for keep in said)
        low, high = wilson(agreed, len(said), confidence)
        share = agreed / len(said) if said else None
        place = {"group": group, "stratum": stratum, "fate": fate, "documents": members[0]["documents"]}
        found.append(place | {"read": len(said), "agreed": share, "low": low, "high": high})
    return found


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share: (0, 1) of nothing.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.

    >>> [round(bound, 4) for bound in wilson(45, 50)]
    [0.7864, 0.9565]
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence:g}")
    if not trials:
        return 0.0, 1.0
    found = binomtest(successes, trials).proportion_ci(confidence, "wilson")
    return float(found.low), float(found.high)


def misses(strata: Iterable[Row]) -> list[Row]:
    """Return per cascade the share that stayed of what a person would drop, with every stratum at its bound.

    Source: Gristmill, on the audit of what a block list lets through, O'Brien et al. 2025, arXiv:2508.06601.
    """
    found = []
    for group, members in groupby(strata, key=itemgetter("group")):
        every = list(members)
        if "dropped" not in {row["fate"] for row in every} or any(row["agreed"] is None for row in every):
            continue
        kept = [row for row in every if row["fate"] == "kept"]
        gone = [row for row in every if row["fate"] == "dropped"]
        missed = {name: sum(row["documents"] * (1 - row[name]) for row in kept) for name in ("agreed", "low", "high")}
        caught = {name: sum(row["documents"] * row[name] for row in gone) for name in ("agreed", "low", "high")}
        shares = {"missed": ("agreed", "agreed"), "low": ("high", "high"), "high": ("low", "low")}
        found.append({"group": group, **{k: _share(missed[a], caught[b]) for k, (a, b) in shares.items()}})
    return found


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest else 0.0


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
