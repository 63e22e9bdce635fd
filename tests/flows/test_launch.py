"""What a person is told at the end of a run: among it what they may not expect, and nothing of that where it is not."""

import json
import re
from pathlib import Path

import pytest

from flows.launch import say_done
from tasks.ledger import Ledger
from tests.small import run_here

RECIPE = """
name: told
sources: {notes: notes.jsonl, nothing: nothing.jsonl, blank: blank.jsonl}
"""


def told(folder: Path, capsys: pytest.CaptureFixture[str], steps: str) -> str:
    """What the terminal says of a run over 40 documents, a file of nothing, and a blank document."""
    rows = [{"id": str(i), "text": f"{i:02}, " + "text " * 20} for i in range(40)]
    (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "blank.jsonl").write_text('{"text": " "}\n')
    (folder / "nothing.jsonl").write_text("\n\n")
    say_done(folder / "w", run_here(folder, folder / "w", recipe=RECIPE + steps))
    return capsys.readouterr().out


def tokens(warehouse: Path, column: str) -> int:
    with Ledger.published(warehouse) as ledger:
        return int(ledger.value(f"SELECT sum({column}) FROM emitted"))


def test_a_source_without_a_record_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(tmp_path, capsys, "")
    assert re.findall("source .* holds no record", said) == ["source nothing holds no record"]


def test_tokens_that_a_pack_drops_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(tmp_path, capsys, "steps:\n  - pack: {decompose: {shortest: 64, longest: 128}}\n")
    dropped = tokens(tmp_path / "w", "dropped")
    assert dropped == 40 * (105 - 64)
    assert "1,640 tokens of documents are in no context" in said and "again" not in said


def test_tokens_that_a_transform_repeats_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = "steps:\n  - transform: {repeat: {probability: 1}}\n  - pack: {best_fit: {context_length: 1000}}\n"
    said = told(tmp_path, capsys, steps)
    repeated = tokens(tmp_path / "w", "repeated")
    assert repeated > 0 and f"{repeated:,} tokens of documents are in contexts again" in said
    assert "in no context" not in said


@pytest.mark.parametrize("steps", ["", "steps:\n  - pack: {concatenate: {context_length: 64}}\n"])
def test_a_run_whose_contexts_hold_every_token_once_says_nothing_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], steps: str
) -> None:
    assert "tokens of documents" not in told(tmp_path, capsys, steps)
