"""A registry with one more file: what a user does who adds a unit, undone when the block ends."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path
from unittest.mock import patch

from tasks import units

SCORER = '''"""A scorer of one test."""
{imports}

def {name}({argument}, *, times: int = 1){returns}:
    """{name} of a text.

    Source: Gristmill.
    """
    {body}
'''


@contextmanager
def added(folder: Path, kind: str, name: str, code: str) -> Iterator[Path]:
    """Let the registry see ``tasks/KIND/NAME.py`` with this code; give the file."""
    home = folder / "tasks"
    for each in (*units.KINDS, "text"):
        (home / each).mkdir(parents=True, exist_ok=True)
        for file in (units.HOME / each).glob("*.py"):
            link = home / each / file.name
            if not link.exists():
                link.symlink_to(file)
    file = home / kind / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    package = import_module(f"tasks.{kind}")
    with (
        ExitStack() as after,
        patch.object(units, "HOME", home),
        patch.object(package, "__path__", [*package.__path__, str(home / kind)]),
        patch.object(sys, "dont_write_bytecode", True),
    ):
        forget()
        after.callback(forget)
        after.callback(vars(package).pop, name, None)
        after.callback(sys.modules.pop, f"tasks.{kind}.{name}", None)
        yield file


def forget() -> None:
    """Let the registry look at its folders again."""
    invalidate_caches()
    for cached in (units.names, units._model, units._code):
        cached.cache_clear()


def scorer(name: str, body: str, *, argument: str = "text: str", returns: str = " -> float", imports: str = "") -> str:
    """Return the code of a scorer, by default in the form for one text."""
    return SCORER.format(name=name, body=body, argument=argument, returns=returns, imports=imports)


def batch_scorer(name: str, body: str) -> str:
    """Return the code of a scorer for a batch."""
    imports = "import numpy as np\n\nfrom tasks.text import TextBatch\n"
    return scorer(name, body, argument="batch: TextBatch", returns=" -> np.ndarray", imports=imports)
