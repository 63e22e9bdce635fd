"""A run in progress: the recipe, the ledger it writes aside, where its parts are, and how work reaches the workers."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pyarrow as pa

from schemas.errors import LedgerError
from schemas.recipe import Call, Recipe, Step
from tasks import parts, units
from tasks.check import needed_scorers
from tasks.environment import code_version, environment, model_of
from tasks.ledger import Ledger
from tasks.partition import Measure, Partition
from tasks.settings import files_of, known_by_content
from tasks.tokenize import TokenizerSpec, load


class Mapper(Protocol):
    """Runs one function over many items, here or on workers, and gives the results in the items' order."""

    def __call__(self, function: Callable[..., Any], *items: Iterable[Any]) -> list[Any]: ...


def here(function: Callable[..., Any], *items: Iterable[Any]) -> list[Any]:
    """Run in this process."""
    return list(map(function, *items))


@dataclass
class Run:
    """One execution of a recipe; stages read and write through it."""

    recipe: Recipe
    warehouse: Path
    ledger: Ledger
    map: Mapper = here
    partitions_per_file: int | None = None
    limit: int | None = None
    partitions: list[Partition] = field(default_factory=list)
    fitted: dict[str, Path] = field(default_factory=dict)
    _beside: list[tuple["Future[Any]", Callable[[Any], None]]] = field(default_factory=list)

    @cached_property
    def run_id(self) -> str:
        """Name of what this run makes: the hash of all that decides it; known once the inputs are loaded."""
        inputs = self.ledger.rows("SELECT source, file, fingerprint FROM inputs ORDER BY source, file")
        calls = [(step.kind, call) for step in self.recipe.steps for call in step.calls]
        models = [model_of(call.settings) for _, call in calls]
        files = [known_by_content({}, files_of(self.recipe, kind, call)) for kind, call in calls]
        tokenizer = load(tokenizer_of(self.recipe)).fingerprint
        return parts.key_of(self.recipe, inputs, models, files, tokenizer, code_version(), environment())

    @property
    def release(self) -> Path:
        """The folder of the release, in the warehouse."""
        return self.warehouse / "releases" / f"{self.recipe.name}-{self.run_id[:12]}"

    @property
    def release_aside(self) -> Path:
        """Where the release is written before it is published."""
        return self.release.with_name(f".{self.release.name}.aside")

    @property
    def folder(self) -> Path:
        """Where intermediates are kept."""
        return self.warehouse / "parts"

    def home(self, partition: Partition) -> Path:
        """Where a partition's texts and scores are kept."""
        return self.folder / partition.key

    def texts(self) -> list[Path]:
        """The files of texts, by part number."""
        return [self.home(partition) / "texts.parquet" for partition in self.partitions]

    def step(self, kind: str) -> tuple[int, Step] | None:
        """The number and settings of the recipe's step of ``kind``, if it has one."""
        return next(((i, s) for i, s in enumerate(self.recipe.steps, 1) if s.kind == kind), None)

    def keep(self, name: str, *made_of: Any) -> Path:
        """Where the result named ``name`` and made of these things is kept."""
        key = parts.key_of(*made_of, code_version(), environment())
        return self.folder / "steps" / f"{name}-{key}.parquet"

    def once(self, kept: Path, make: Callable[[], pa.Table]) -> pa.Table:
        """Return the table kept at this path, made now if it is not there."""
        return parts.once(kept, make)

    def beside(self, make: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Make something in a thread while the next steps wait for workers; ``settle`` gives it to ``then``."""
        pool = ThreadPoolExecutor(1)
        self._beside.append((pool.submit(make), then))
        pool.shutdown(wait=False)

    def settle(self) -> None:
        """Wait for what is made beside the steps and take it in."""
        while self._beside:
            made, then = self._beside.pop(0)
            then(made.result())

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give an empty folder that every worker sees and that goes when the block ends."""
        folder = self.warehouse / "scratch" / f"{name}-{uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def standing(self) -> tuple[int, int]:
        """How many documents and bytes stand now."""
        [row] = self.ledger.rows("SELECT count(*) AS documents, coalesce(sum(bytes), 0)::BIGINT AS bytes FROM live")
        return row["documents"], row["bytes"]

    def close_books(self) -> None:
        """Write down that the run is over and where its release is."""
        self.ledger.run(
            "UPDATE runs SET run_id = ?, ended = ?, state = 'published', release = ?",
            [self.run_id, now(), str(self.release.relative_to(self.warehouse))],
        )

    def leave(self, step: int) -> None:
        """Take out of the live documents those that left in ``step``, and count what stands."""
        self.ledger.run("DELETE FROM live WHERE doc_id IN (SELECT doc_id FROM fates WHERE step = ?)", [step])
        self.count(step)

    def count(self, step: int) -> None:
        """Write down what stands after ``step``, per source."""
        self.ledger.run(
            "INSERT INTO counts "
            "SELECT ?, source, count(*), sum(bytes)::BIGINT, sum(tokens)::BIGINT "
            "FROM live GROUP BY source ORDER BY source",
            [step],
        )

    def live(self, *columns: str) -> pa.Table:
        """The live documents by doc_id, with these columns of documents and scores besides doc_id."""
        extra = "".join(f', m."{name}"' for name in columns)
        return self.ledger.table(
            f"SELECT m.doc_id{extra} FROM measured m SEMI JOIN live USING (doc_id) ORDER BY m.doc_id"
        )


@contextmanager
def opened(
    recipe: Recipe,
    warehouse: Path,
    mapper: Mapper = here,
    partitions_per_file: int | None = None,
    limit: int | None = None,
) -> Iterator[Run]:
    """Start a run in ``warehouse``; LedgerError if another one is at work there."""
    warehouse = usable(warehouse)
    with _locked(warehouse):
        with Ledger.create(warehouse / "run" / "ledger.duckdb") as ledger:
            _open_books(ledger, recipe)
            run = Run(recipe, warehouse, ledger, mapper, partitions_per_file, limit)
            yield run
            run.settle()
        for leftover in ("run", "scratch", "shared"):
            shutil.rmtree(warehouse / leftover, ignore_errors=True)


def usable(warehouse: Path) -> Path:
    """Make the folder and return where it is; LedgerError if it cannot be one, or another run is at work there."""
    if ":/" in str(warehouse):
        raise LedgerError(f"a warehouse is a folder, on this machine or mounted on all; got {warehouse}")
    warehouse = warehouse.absolute()
    if warehouse.is_file():
        raise LedgerError(f"{warehouse} cannot be a warehouse: it is a file, not a folder")
    try:
        warehouse.mkdir(parents=True, exist_ok=True)
        with _locked(warehouse):
            return warehouse
    except OSError as error:
        raise LedgerError(f"{warehouse} cannot be a warehouse: {error}") from None


@contextmanager
def _locked(warehouse: Path) -> Iterator[None]:
    with (warehouse / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LedgerError(f"another run is at work in {warehouse}; wait for it or name another warehouse") from None
        yield


def _open_books(ledger: Ledger, recipe: Recipe) -> None:
    text = recipe.model_dump_json()
    run = {
        "name": recipe.name,
        "recipe": text,
        "recipe_hash": hashlib.sha256(text.encode()).hexdigest(),
        "code": f"{version('gristmill')} {code_version()}",
        "seed": recipe.seed,
        "started": now(),
        "state": "running",
    }
    ledger.insert("runs", [run])
    steps = [{"step": 0, "kind": "read", "settings": "{}"}]
    steps += [{"step": i, "kind": s.kind, "settings": s.model_dump_json()} for i, s in enumerate(recipe.steps, 1)]
    ledger.insert("steps", steps)


def now() -> datetime:
    """Return the time in UTC, without a zone, as the ledger keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def early_measures(recipe: Recipe) -> tuple[Measure, ...]:
    """Return what is measured in the pass of reading: tokens, cheap scores, signatures, word counts."""
    found = [Measure("tokenize", "tokens", asdict(tokenizer_of(recipe)))]
    late = late_scorers(recipe)
    asked = {call.name: call for step in recipe.steps if step.kind == "score" for call in step.calls}
    needed = set(asked) | {name for step in recipe.steps for name in needed_scorers(recipe.steps, step)}
    for name in sorted(needed - set(late)):
        found.append(measure_of(recipe, "score", asked.get(name) or usual(name)))
    for step in recipe.steps:
        if step.kind in ("deduplicate", "order", "transform"):
            found += [measure for call in step.calls if (measure := unit_measure(step.kind, call))]
    return tuple({measure.key: measure for measure in found}.values())


def usual(scorer: str) -> Call:
    """Return a scorer as it is when nobody says how."""
    return Call(name=scorer, settings=units.unit("score", scorer).resolve(None))


def late_scorers(recipe: Recipe) -> dict[str, int]:
    """Return the scorers that get what an earlier step left, or learn from it: name to the step that asks for them."""
    late: dict[str, int] = {}
    needed: set[str] = set()
    thinned = False
    for index, step in enumerate(recipe.steps, 1):
        if step.kind == "score":
            waiting = [call.name for call in step.calls if call.name not in needed]
            late |= {name: index for name in waiting if thinned or step.where or units.unit("score", name).fit}
        needed |= needed_scorers(recipe.steps, step) | {call.name for call in step.calls if step.kind == "score"}
        thinned = thinned or step.kind not in ("score", "annotate")
    return late


def measure_of(recipe: Recipe, kind: str, call: Call, fitted: Path | None = None) -> Measure:
    """Return what a call measures, with the files that its settings name."""
    return Measure(kind, call.name, call.settings, files_of(recipe, kind, call), str(fitted) if fitted else None)


def unit_measure(kind: str, call: Call) -> Measure | None:
    """Return what a unit measures while reading, with the settings that matter to it; None if nothing."""
    measure = units.unit(kind, call.name).measure
    return Measure(kind, call.name, units.accepted(measure, call.settings)) if measure else None


def tokenizer_of(recipe: Recipe) -> TokenizerSpec:
    """Return which tokenizer the recipe names."""
    file = recipe.tokenizer.file
    return TokenizerSpec(recipe.at(file) if file else None, recipe.tokenizer.end_of_text)


def seed_of(recipe: Recipe, step: int) -> int:
    """Return the seed of one step, from the recipe's."""
    return int(parts.key_of(recipe.seed, step)[:15], 16)
