"""The main job on texts that every user has: those of the Python installation that runs it."""

import sysconfig
from pathlib import Path

import yaml

from flows.launch import launch, say_done
from flows.terminal import console, output
from flows.why import why
from tasks.ledger import Ledger

TEMPLATE = Path(__file__).parent / "recipes" / "quickstart.yaml"
SKIPPED = ("site-packages", "dist-packages", "test", "tests", "idlelib", "__pycache__", "lib-dynload", "ensurepip")


def demo(warehouse: Path, processes: int | None = None) -> None:
    """Write a recipe over this Python's own texts, run it, and ask why one document was dropped."""
    recipe = write_recipe(warehouse)
    console.print(f"recipe {recipe}", highlight=False)
    release = launch(recipe, warehouse, processes=processes)
    say_done(warehouse, release)
    with Ledger.published(warehouse) as ledger:
        [example] = ledger.rows(EXAMPLE)
        output.print(f"\n[bold]$ gristmill why {example['doc_id']} -w {warehouse}[/]", highlight=False)
        why(ledger, str(example["doc_id"]))


EXAMPLE = """
SELECT doc_id FROM documents LEFT JOIN duplicates USING (doc_id) LEFT JOIN drops USING (doc_id)
ORDER BY duplicates.similarity < 1 DESC NULLS LAST, drops.doc_id IS NULL, doc_id LIMIT 1
"""


def write_recipe(warehouse: Path) -> Path:
    """Write the quickstart recipe with this installation's folders as its sources; return where it is."""
    library, packages = Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"])
    folders = sorted(f.name for f in library.iterdir() if f.is_dir() and f.name not in SKIPPED and any(f.glob("*.py")))
    patterns = {
        "standard_library": [f"{library}/*.py", f"{library}/{{{','.join(folders)}}}/**/*.py"],
        "package_readmes": [f"{packages}/*.dist-info/METADATA"],
        "package_docs": [f"{packages}/**/*.{{md,rst}}", f"{packages}/**/*.txt"],
    }
    recipe = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    recipe["sources"] = {name: {"path": _with_files(paths), "format": "text"} for name, paths in patterns.items()}
    recipe["sources"] = {name: source for name, source in recipe["sources"].items() if source["path"]}
    warehouse.mkdir(parents=True, exist_ok=True)
    target = warehouse / "recipe.yaml"
    target.write_text(yaml.safe_dump(recipe, sort_keys=False, width=120), encoding="utf-8")
    return target


def _with_files(patterns: list[str]) -> list[str]:
    """Leave out the patterns that match nothing here."""
    from schemas.errors import InputError
    from tasks.read._files import expand

    found = []
    for pattern in patterns:
        try:
            expand(pattern)
        except InputError:
            continue
        found.append(pattern)
    return found
