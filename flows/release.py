"""Publishing: everything written aside, the manifest last, then one rename makes it the release."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from flows.report import card, report
from tasks import parts, units
from tasks.environment import versions
from tasks.run import Run

# What is left out of a table's digest because it depends on partitions, on when or on where; None leaves the table out.
UNSTABLE = {
    "runs": None,
    "parts": None,
    "slices": None,
    "inputs": "path, batch",
    "documents": "part",
    "judgements": "seconds",
}
PAGES = {"card.md": card, "report.html": report}


def publish(run: Run) -> Path:
    """Write card, report, ledger and manifest beside the exported files and publish them by rename."""
    run.close_books()
    release, aside = run.release, run.release_aside
    if (release / "manifest.json").is_file():
        _write(run, release)
    else:
        _sweep(run, aside)
        aside.mkdir(parents=True, exist_ok=True)  # a run that keeps nothing has exported nothing
        _write(run, aside)
        parts.write_json(aside / "manifest.json", manifest(run, aside))
        shutil.rmtree(release, ignore_errors=True)
        aside.rename(release)
    _point_to(release / "ledger.duckdb", run.warehouse / "ledger.duckdb")
    return release


def _write(run: Run, folder: Path) -> None:
    """Write the pages and the ledger that are not in ``folder``."""
    for name, page in PAGES.items():
        if not (folder / name).is_file():
            with parts.aside(folder / name) as temporary:
                temporary.write_text(page(run.ledger), encoding="utf-8")
    if not (folder / "ledger.duckdb").is_file():
        run.ledger.publish(folder / "ledger.duckdb")


def _sweep(run: Run, folder: Path) -> None:
    """Take away what writers that were killed left unfinished."""
    written = {folder / row["path"] for row in run.ledger.rows("SELECT path FROM exports")}
    for file in list(folder.rglob("*")):
        if file.is_file() and file not in written:
            file.unlink()


def manifest(run: Run, folder: Path) -> dict[str, Any]:
    """Return what the release holds: files with counts, bytes and digests, the recipe, versions and seeds.

    The ledger's file differs from run to run (it holds the times); its tables do not, and are digested row by row.
    """
    [made] = run.ledger.rows("SELECT run_id, name, recipe_hash, code, seed FROM runs")
    files = run.ledger.rows("SELECT * FROM exports ORDER BY path")
    pages = [{"path": name, **_digest(folder / name)} for name in PAGES]
    return {
        **made,
        "recipe": run.recipe.model_dump(mode="json"),
        "versions": versions(),
        "inputs": run.ledger.rows("SELECT source, file, bytes, fingerprint, records FROM inputs ORDER BY source, file"),
        "funnel": run.ledger.rows("SELECT * FROM funnel ORDER BY step, source"),
        "files": files,
        "formats": {call.name: units.unit("write", call.name).note for call in run.recipe.export},
        "pages": pages,
        "ledger": _ledger_digests(run),
    }


def _digest(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _ledger_digests(run: Run) -> list[dict[str, Any]]:
    names = [
        row["name"] for row in run.ledger.rows("SELECT table_name AS name FROM duckdb_tables() WHERE NOT temporary")
    ]
    return [_table_digest(run, name) for name in sorted(names) if UNSTABLE.get(name, "") is not None]


def _table_digest(run: Run, name: str) -> dict[str, Any]:
    left_out = UNSTABLE.get(name)
    columns = f"* EXCLUDE ({left_out})" if left_out else "*"
    [row] = run.ledger.rows(
        f"""SELECT count(*) AS rows, coalesce(bit_xor(md5_number(t::VARCHAR)), 0)::VARCHAR AS digest
        FROM (SELECT {columns} FROM {name}) t"""
    )
    return {"table": name, **row}


def _point_to(ledger: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.aside")
    aside.unlink(missing_ok=True)
    try:
        os.link(ledger, aside)
    except OSError:
        shutil.copyfile(ledger, aside)
    aside.replace(target)
