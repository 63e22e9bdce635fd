"""A run in progress: the recipe, the ledger it writes aside, where its parts are, and how work reaches the workers."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from schemas.recipe import Call, Recipe, Step
from tasks import parts, units
from tasks.ledger import Ledger
from tasks.partition import Measure, Partition
from tasks.resolve import needed_scorers

HOME = Path(__file__).parent


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
    release: str = ""

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
        return self.folder / "steps" / f"{name}-{parts.key_of(*made_of)}.parquet"

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give an empty folder that every worker sees and that goes when the block ends."""
        folder = self.warehouse / "scratch" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def leave(self, step: int) -> None:
        """Take out of the live documents those that left in ``step``, and count what stands."""
        self.ledger.run("DELETE FROM live WHERE doc_id IN (SELECT doc_id FROM fates WHERE step = ?)", [step])
        self.count(step)

    def count(self, step: int) -> None:
        """Write down what stands after ``step``, per source."""
        self.ledger.run(
            "INSERT INTO counts SELECT ?, source, count(*), sum(bytes)::BIGINT, sum(tokens)::BIGINT FROM live GROUP BY source",
            [step],
        )

    def live(self, *columns: str) -> pa.Table:
        """The live documents by doc_id, with these columns of documents and scores besides doc_id."""
        extra = "".join(f', m."{name}"' for name in columns)
        return self.ledger.table(f"SELECT m.doc_id{extra} FROM measured m SEMI JOIN live USING (doc_id) ORDER BY m.doc_id")


def code_version() -> str:
    """Return the hash of the source that decides a release: tasks and schemas."""
    files = sorted([*HOME.rglob("*.py"), *(HOME.parent / "schemas").rglob("*.py")])
    return units.code_hash(files)


def early_measures(recipe: Recipe) -> tuple[Measure, ...]:
    """Return what is measured in the pass of reading: tokens, cheap scores, signatures, word counts."""
    found = [Measure("tokenize", "tokens", recipe.tokenizer.model_dump())]
    late = late_scorers(recipe)
    asked = {call.name: call.settings for step in recipe.steps if step.kind == "score" for call in step.calls}
    needed = set(asked) | {name for step in recipe.steps for name in needed_scorers(step)}
    for name in sorted(needed - set(late)):
        found.append(Measure("score", name, asked.get(name) or units.unit("score", name).resolve(None)))
    for step in recipe.steps:
        if step.kind in ("deduplicate", "order"):
            found += [measure for call in step.calls if (measure := unit_measure(step.kind, call))]
    return tuple({measure.key: measure for measure in found}.values())


def late_scorers(recipe: Recipe) -> dict[str, int]:
    """Return the scorers that only survivors of an earlier step get: name to the step that asks for them."""
    late: dict[str, int] = {}
    needed: set[str] = set()
    thinned = False
    for index, step in enumerate(recipe.steps, 1):
        if step.kind == "score":
            late |= {call.name: index for call in step.calls if thinned and call.name not in needed}
        needed |= needed_scorers(step) | {call.name for call in step.calls if step.kind == "score"}
        thinned = thinned or step.kind in ("filter", "deduplicate", "reweight")
    return late


def unit_measure(kind: str, call: Call) -> Measure | None:
    """Return what a unit measures while reading, with the settings that matter to it; None if nothing."""
    measure = units.unit(kind, call.name).measure
    return Measure(kind, call.name, units.accepted(measure, call.settings)) if measure else None


def seed_of(recipe: Recipe, step: int) -> int:
    """Return the seed of one step, from the recipe's."""
    return int(parts.key_of(recipe.seed, step)[:15], 16)


