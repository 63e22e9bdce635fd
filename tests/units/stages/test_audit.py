"""Every law of a run finds the break that it is there for, names it, and stops the run."""

import contextlib
from collections.abc import Iterator

import pytest

from schemas.errors import AuditError
from tasks.resolve import parse
from tasks.run import Run, opened
from tasks.stages import audit
from tests.small import recipe_text, stages, write_corpus

KEPT = "(SELECT min(doc_id) FROM weights)"
LEFT = "(SELECT min(doc_id) FROM drops WHERE step = 2)"
BREAKS = {
    "every document has an id of its own": f"INSERT INTO documents FROM documents WHERE doc_id = {KEPT}",
    "every record read is a document or a failure": "DELETE FROM failures WHERE row = (SELECT min(row) FROM failures)",
    "in = kept + dropped + duplicates + failed": f"INSERT INTO duplicates BY NAME SELECT {LEFT} AS doc_id, 2 AS step",
    "what was counted after each step": "UPDATE counts SET documents = documents + 1 WHERE step = 3",
    "every score was given to every document": f"DELETE FROM score_size WHERE doc_id = {KEPT}",
    "every dropped document failed what its row says": "UPDATE drops SET value = 1e9 WHERE rule = 'words >= 20'",
    "every survivor outlived its duplicates": "UPDATE duplicates SET survivor_id = doc_id",
    "every duplicate is as similar": "UPDATE duplicates SET similarity = 0.5 WHERE method = 'minhash'",
    "every copy of every kept document has one place": f"DELETE FROM places WHERE doc_id = {KEPT}",
    "what has a place left at no step, and all else left": f"DELETE FROM drops WHERE doc_id = {LEFT}",
    "the contexts hold every token of every copy once": "DELETE FROM segments WHERE position = 0 AND context_id = 0",
    "the written files hold every place": "UPDATE exports SET documents = documents - 1 WHERE path LIKE '%jsonl%'",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run that has come to its audit."""
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), documents=60)
    with opened(parse(recipe_text(), folder=folder), folder / "warehouse") as run:
        for _, stage in stages(run)[:-1]:
            stage()
        yield run


@contextlib.contextmanager
def undone(run: Run) -> Iterator[None]:
    """Undo what the block does to the ledger."""
    with contextlib.suppress(InterruptedError), run.ledger.transaction():
        yield
        raise InterruptedError


def test_an_honest_run_breaks_no_law(run: Run) -> None:
    with undone(run):
        audit.audit(run)
        rows = run.ledger.rows("FROM audits")
        assert len(rows) == len(audit.LAWS) + 1 and all(row["passed"] and row["offenders"] == 0 for row in rows)


@pytest.mark.parametrize("law", BREAKS)
def test_a_broken_law_stops_the_run_and_is_named_with_an_offender(run: Run, law: str) -> None:
    with undone(run):
        run.ledger.run(BREAKS[law])
        with pytest.raises(AuditError, match="nothing was published") as raised:
            audit.audit(run)
        [line] = [line for line in str(raised.value).splitlines() if line.strip().startswith(law)]
        assert "offenders, such as " in line
        [row] = run.ledger.rows(f"FROM audits WHERE law LIKE '{law}%'")
        assert not row["passed"] and row["offenders"] >= 1 and row["example"]


def test_every_law_has_its_break() -> None:
    assert len(audit.LAWS) == len(BREAKS)
    assert all(any(law.says.startswith(words) for words in BREAKS) for law in audit.LAWS)
