"""Formats of contexts of one length in a run: padded to what the pack step and transforms ask."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasks.ledger import Ledger
from tests import trainers
from tests.small import run_here

RECIPE = """
name: padded
sources: {notes: notes.jsonl}
steps:
"""
EXPORT = "export: [numpy_tokens, megatron]\n"
PREFIX = "  - transform: {metadata_prefix: {template: '{source}: ', cooldown: 0%s}}\n"
# Twenty documents of 30 tokens; three fit a context of 96, and a prefix is 7 tokens more for each.
WHOLE = "  - pack: {best_fit: {context_length: %d}}\n"
CASES = {
    "the room of the pack step": (WHOLE % 96, 90, 96),
    "the room of a pack step that no context fills": (WHOLE % 1000, 600, 1000),
    "the room of the pack step, where a transform adds to no more than the longest context": (
        WHOLE % 96 + PREFIX % "", 90, 96
    ),
    "the room of a transform": (WHOLE % 96 + PREFIX % ", context_length: 256", 111, 256),
    "the room of the pack step, where a transform cuts": (WHOLE % 96 + PREFIX % ", context_length: 50", 50, 96),
    "the room of the pack step, not that of a transform before it": (
        PREFIX % ", context_length: 700" + WHOLE % 96, 74, 96
    ),
}  # fmt: skip


def exported(folder: Path, steps: str) -> tuple[Path, list[int]]:
    """The release of a run, and how many tokens each of its contexts has."""
    rows = [{"id": str(i), "text": f"{i:02}, " + "text " * 5} for i in range(20)]
    (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    release = run_here(folder, folder / "w", recipe=RECIPE + steps + EXPORT)
    with Ledger.published(folder / "w") as ledger:
        sizes = ledger.rows(
            "SELECT sum(coalesce(len(inserted), stop - start))::BIGINT AS tokens FROM segments "
            "GROUP BY context_id ORDER BY context_id"
        )
    return release, [row["tokens"] for row in sizes]


@pytest.mark.parametrize("case", CASES)
def test_contexts_of_one_length_are_padded_without_weight_to(tmp_path: Path, case: str) -> None:
    steps, longest, full = CASES[case]
    release, sizes = exported(tmp_path, steps)
    assert max(sizes) == longest
    for found in (trainers.numpy_tokens(release / "numpy_tokens"), trainers.megatron(release / "megatron")):
        assert [len(context.tokens) for context in found] == [full] * len(sizes)
        for size, context in zip(sizes, found, strict=True):
            assert context.tokens[:size].all() and not context.tokens[size:].any()
            assert not context.weights[size:].any()
    [mask] = [np.fromfile(path, bool) for path in (release / "numpy_tokens" / "label_mask").glob("*.npy")]
    assert not any(row[size:].any() for size, row in zip(sizes, mask.reshape(-1, full), strict=True))
    assert mask.any()


def test_contexts_that_have_no_one_length_are_not_padded(tmp_path: Path) -> None:
    release, sizes = exported(tmp_path, "  - pack: {decompose: {shortest: 2, longest: 16}}\n")
    found = trainers.numpy_tokens(release / "numpy_tokens")
    assert [len(context.tokens) for context in found] == sizes and len(set(sizes)) > 1
