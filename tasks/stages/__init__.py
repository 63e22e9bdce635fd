"""Stages: what each kind of step does with the run's ledger, its parts and its workers; one file per kind."""

from collections.abc import Callable

from schemas.recipe import Step
from tasks.run import Run
from tasks.stages import (
    annotate,
    decontaminate,
    deduplicate,
    edit,
    filter,
    order,
    pack,
    reweight,
    score,
    select,
    transform,
)

STEPS: dict[str, Callable[[Run, int, Step], None]] = {
    "score": score.score,
    "annotate": annotate.annotate,
    "filter": filter.filter,
    "select": select.select,
    "decontaminate": decontaminate.decontaminate,
    "edit": edit.edit,
    "deduplicate": deduplicate.deduplicate,
    "reweight": reweight.reweight,
    "order": order.order,
    "transform": transform.transform,
    "pack": pack.pack,
}
