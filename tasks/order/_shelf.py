"""Arrays in files: a folder is written aside and renamed, so what is there is whole; reading maps it into memory."""

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np

Arrays = dict[str, np.ndarray]


def put_once(folder: Path, make: Callable[[], Arrays]) -> None:
    """Write the arrays that ``make`` gives into ``folder``, unless it is there already."""
    if folder.is_dir():
        return
    put(folder, make())


def put(folder: Path, arrays: Arrays) -> None:
    """Write arrays into a folder, whole or not at all; if somebody else was faster, theirs stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{uuid4().hex}")
    try:
        aside.mkdir()
        for name, array in arrays.items():
            np.save(aside / f"{name}.npy", array, allow_pickle=False)
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def get(folder: Path, *names: str) -> Arrays:
    """Map the arrays of a folder into memory: all, or those named."""
    paths = [folder / f"{name}.npy" for name in names] or sorted(folder.glob("*.npy"))
    return {path.stem: one(path) for path in paths}


def one(path: Path) -> np.ndarray:
    """Map one array into memory; what is written to it stays in memory."""
    try:
        # Kernels are compiled for writable arrays: a private copy, page by page, of what is written to.
        return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))
    except ValueError:  # nothing to map in an empty array
        return np.load(path, allow_pickle=False)
