"""A small corpus with a known fate for every kind of record, and a recipe with every step, run in this process."""

import gzip
import hashlib
import json
from pathlib import Path

import zstandard

from tasks.resolve import parse
from tasks.run import Mapper, Run, here, opened
from tasks.stages import STEPS, audit, export, read
from tests.data import texts

RECIPE = """
name: small
seed: 3
tolerance: {tolerance}
sources:
  notes: {{path: "notes/*.jsonl", domain: prose}}
  code: {{path: ["code/*.jsonl.gz", "code/*.jsonl.zst"]}}
steps:
  - score: [size, word_statistics, line_statistics, repetition]
  - filter:
      - {{rule: "words >= 20"}}
      - {{rule: "duplicate_line_share <= {threshold}"}}
      - {{rule: "bytes >= q0.02", per: source}}
  - deduplicate: {{exact: {{}}, minhash: {{}}}}
  - score: [compression_ratio]
  - filter: [{{rule: "compression_ratio <= 60"}}]
  - reweight: {{temperature: {{alpha: 0.3, max_epochs: 3}}}}
  - order: {{in_context: {{neighbors: 5}}}}
  - pack: {{best_fit: {{context_length: 2048}}}}
export: [parquet, jsonl]
"""
HOSTILE = [
    b'{"id": "broken", "text": "no end',
    b'{"id": "latin", "text": "caf\xe9"}',
    b'{"id": "none"}',
    b'{"id": "number", "text": 7}',
    b"[1, 2]",
]


def write_corpus(folder: Path, *, documents: int = 120, hostile: bool = True) -> Path:
    """Write the corpus into ``folder`` and return the folder: three files of two sources."""
    found = texts(documents)
    rows = [{"id": f"d{i}", "text": text[:20_000], "url": f"https://example.org/{i}"} for i, text in enumerate(found)]
    rows += [{"id": f"copy{i}", "text": found[i][:20_000]} for i in range(0, 20, 2)]
    rows += [{"id": f"near{i}", "text": found[i][:20_000] + " and a few words more"} for i in range(1, 20, 2)]
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    lines += [
        b'{"id": "empty", "text": ""}',
        b'{"id": "blank", "text": " \\n\\t "}',
        b'{"text": "line \xe2\x80\xa8 separator"}',
    ]
    lines += HOSTILE if hostile else []
    thirds = [b"".join(line + b"\n" for line in lines[i::3]) for i in range(3)]
    (folder / "notes").mkdir(parents=True)
    (folder / "code").mkdir()
    (folder / "notes" / "a.jsonl").write_bytes(thirds[0])
    (folder / "code" / "b.jsonl.gz").write_bytes(gzip.compress(thirds[1], mtime=0))
    (folder / "code" / "c.jsonl.zst").write_bytes(zstandard.compress(thirds[2]))
    return folder


def recipe_text(threshold: float = 0.9, tolerance: int = 10) -> str:
    """Return the recipe with every step as YAML."""
    return RECIPE.format(threshold=threshold, tolerance=tolerance)


def run_here(
    folder: Path,
    warehouse: Path,
    *,
    recipe: str = "",
    partitions: int | None = None,
    mapper: Mapper = here,
    stop: str = "",
) -> Path:
    """Run every stage in this process and publish; a stage named ``stop`` is where the run dies instead."""
    from flows.release import publish

    plan = parse(recipe or recipe_text(), folder=folder)
    with opened(plan, warehouse, mapper, partitions) as run:
        for name, stage in stages(run):
            if name == stop:
                raise KeyboardInterrupt(stop)
            stage()
        return publish(run)


def stages(run: Run) -> list[tuple[str, object]]:
    """Return the names of the run's stages with what they do."""
    steps = [(f"{i} {s.kind}", lambda i=i, s=s: STEPS[s.kind](run, i, s)) for i, s in enumerate(run.recipe.steps, 1)]
    return [
        ("read", lambda: read.read(run)),
        *steps,
        ("export", lambda: export.export(run)),
        ("audit", lambda: audit.audit(run)),
    ]


def digests(release: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a release but the ledger, whose tables the manifest digests instead."""
    files = sorted(path for path in release.rglob("*") if path.is_file() and path.name != "ledger.duckdb")
    return {str(path.relative_to(release)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
