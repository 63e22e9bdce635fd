"""The ledger: declared tables with their meanings, one writer, and readers who never meet it."""

from pathlib import Path

import pyarrow as pa
import pytest

from schemas import views
from schemas.errors import LedgerError
from schemas.table import Column, Table, quoted
from schemas.tables import tables
from tasks.ledger import LIVE, Ledger


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.create(tmp_path / "run" / "ledger.duckdb") as ledger:
        yield ledger


def metric(value: float) -> dict[str, object]:
    return {"step": 1, "name": "figure", "value": value}


def figures(ledger: Ledger) -> list[float]:
    return [row["value"] for row in ledger.rows("SELECT value FROM metrics ORDER BY value")]


def test_a_ledger_begins_with_every_table_and_view_and_no_row(ledger: Ledger) -> None:
    names = {row["name"] for row in ledger.rows("SELECT table_name AS name FROM duckdb_tables() WHERE NOT temporary")}
    assert names == set(tables())
    assert all(ledger.value(f"SELECT count(*) FROM {name}") == 0 for name in names | {"live", "fates", "funnel"})
    about = ledger.rows("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    assert {row["view_name"]: row["comment"] for row in about} == views.COMMENTS


def test_only_what_runs_need_is_not_published(ledger: Ledger, tmp_path: Path) -> None:
    ledger.run(
        f"INSERT INTO live BY NAME SELECT 1 AS doc_id {''.join(f', NULL AS {c.name}' for c in LIVE.columns[1:])}"
    )
    ledger.publish(tmp_path / "ledger.duckdb")
    with Ledger.published(tmp_path) as reader:
        names = {row["name"] for row in reader.rows("SELECT table_name AS name FROM duckdb_tables()")}
        meanings = {row["comment"] for row in reader.rows("SELECT comment FROM duckdb_columns() WHERE NOT internal")}
        assert reader.rows("FROM funnel") == []
    assert names == set(tables())
    assert {column.meaning for table in tables().values() for column in table.columns} <= meanings


def test_a_reader_works_on_while_another_ledger_is_published(ledger: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "ledger.duckdb"
    ledger.insert("metrics", [metric(1)])
    ledger.publish(target)
    with Ledger.published(tmp_path) as early:
        ledger.insert("metrics", [metric(2)])
        assert figures(early) == [1], "what is written is not what is published"
        ledger.publish(target)
        assert figures(early) == [1]
    with Ledger.published(tmp_path) as late:
        assert figures(late) == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["ledger.duckdb"]


def test_a_publication_that_fails_leaves_the_published_one(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.insert("metrics", [metric(1)])
    ledger.publish(tmp_path / "ledger.duckdb")
    before = (tmp_path / "ledger.duckdb").read_bytes()
    (tmp_path / "ledger.duckdb.aside").write_bytes(b"what an interrupted run left there")
    ledger.insert("metrics", [metric(2)])
    run = Ledger.run

    def killed_at_the_end(self: Ledger, sql: str, parameters: object = None) -> None:
        if sql.startswith("DETACH"):
            raise KeyboardInterrupt
        run(self, sql, parameters)

    monkeypatch.setattr(Ledger, "run", killed_at_the_end)
    with pytest.raises(KeyboardInterrupt):
        ledger.publish(tmp_path / "ledger.duckdb")
    assert (tmp_path / "ledger.duckdb").read_bytes() == before
    with Ledger.published(tmp_path) as reader:
        assert figures(reader) == [1]


def test_readers_cannot_write(ledger: Ledger, tmp_path: Path) -> None:
    ledger.publish(tmp_path / "ledger.duckdb")
    with Ledger.published(tmp_path) as one, Ledger.published(tmp_path) as another:
        for reader in (one, another):
            with pytest.raises(LedgerError, match="read-only"):
                reader.ask("DELETE FROM documents")
            assert figures(reader) == []


def test_a_missing_ledger_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"has no published ledger; `gristmill run RECIPE --warehouse .*` makes one"):
        Ledger.published(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_query_that_cannot_be_is_one_message(ledger: Ledger) -> None:
    for query, message in {
        "SELEC 1": "syntax error",
        "FROM documens": "documents",
        "SELECT doc_i FROM documents": "doc_id",
        "SELECT 'a'::INTEGER": "Could not convert",
    }.items():
        with pytest.raises(LedgerError, match=message):
            ledger.ask(query)
    assert ledger.ask("SELECT 1 AS one, 'a' AS a") == [{"one": 1, "a": "a"}]


def test_ctrl_c_in_a_query_is_ctrl_c(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(message: str) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(ledger, "rows", lambda _: fails("Query interrupted"))  # as DuckDB says, seconds later
    with pytest.raises(KeyboardInterrupt):
        ledger.ask("FROM documents")
    monkeypatch.setattr(ledger, "rows", lambda _: fails("out of luck"))
    with pytest.raises(RuntimeError, match="out of luck"):
        ledger.ask("FROM documents")


def test_an_unfinished_ledger_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    with Ledger.create(path) as ledger:
        ledger.insert("metrics", [metric(1)])
    path.with_name("ledger.duckdb.wal").write_bytes(b"half a log")
    with Ledger.create(path) as ledger:
        assert figures(ledger) == []


def test_a_transaction_is_whole_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt), ledger.transaction():
        ledger.insert("metrics", [metric(1)])
        assert figures(ledger) == [1]
        raise KeyboardInterrupt
    assert figures(ledger) == []
    with ledger.transaction():
        ledger.insert("metrics", [metric(2)])
    assert figures(ledger) == [2]


def test_rows_and_arrow_tables_go_in_by_name(ledger: Ledger) -> None:
    ledger.insert("metrics", [{"value": 1.0, "name": "b"}, metric(2)])
    ledger.insert("metrics", pa.table({"value": [3.0], "step": pa.array([7], pa.int32())}))
    ledger.insert("metrics", [])
    ledger.insert("metrics", iter([metric(4)]))
    assert [tuple(row.values()) for row in ledger.rows("SELECT step, name, value FROM metrics ORDER BY value")] == [
        (None, "b", 1),
        (1, "figure", 2),
        (7, None, 3),
        (1, "figure", 4),
    ]


def test_ids_keep_all_64_bits(ledger: Ledger) -> None:
    largest = 2**64 - 1
    ledger.insert("documents", [{"doc_id": largest}, {"doc_id": largest - 1}])
    assert [row["doc_id"] for row in ledger.rows("SELECT doc_id FROM documents ORDER BY 1")] == [largest - 1, largest]
    found = ledger.table("SELECT doc_id FROM documents WHERE doc_id = ?", [largest])
    assert found["doc_id"].to_pylist() == [largest] and found.schema.field("doc_id").type == pa.uint64()


def test_given_tables_are_gone_afterwards(ledger: Ledger) -> None:
    ledger.using("INSERT INTO metrics BY NAME FROM given", given=pa.table({"value": [1.0]}))
    with pytest.raises(LedgerError, match="given"):
        ledger.ask("FROM given")
    assert figures(ledger) == [1]


def test_a_declaration_makes_its_own_table(ledger: Ledger) -> None:
    made = Table("odd", 'It\'s a table; with "signs".', (Column("from", "UBIGINT[]", "what's in 'it'"),), ("from",))
    ledger.run(made.ddl)
    [column] = ledger.rows("SELECT data_type, comment FROM duckdb_columns() WHERE table_name = 'odd'")
    assert column == {"data_type": "UBIGINT[]", "comment": "what's in 'it'"}
    assert ledger.table("FROM odd").schema == made.arrow


@pytest.mark.parametrize("text", ["", "it's", "''", "\\", "a\nb", "é", "; DROP TABLE documents --"])
def test_quoted_text_is_that_text(ledger: Ledger, text: str) -> None:
    assert ledger.value(f"SELECT {quoted(text)}") == text
