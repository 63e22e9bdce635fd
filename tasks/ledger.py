"""The only door to DuckDB: a run writes a ledger aside and publishes it by rename; readers open the published one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from schemas import views
from schemas.errors import LedgerError
from schemas.table import Column, Table, quoted
from schemas.tables import tables

LIVE = Table(
    name="live",
    meaning="Documents that have passed every step so far.",
    columns=(
        Column("doc_id", "UBIGINT", "document"),
        Column("source", "VARCHAR", "source"),
        Column("domain", "VARCHAR", "domain"),
        Column("bytes", "BIGINT", "text in UTF-8 bytes"),
        Column("characters", "BIGINT", "text in code points"),
        Column("tokens", "BIGINT", "tokens"),
    ),
    key=("doc_id",),
)


class Ledger:
    """A DuckDB database with the tables of ``schemas``; use it as a context manager."""

    def __init__(self, path: Path, *, read_only: bool, memory: str = "1GB", threads: int = 2) -> None:
        self.path = path
        settings: dict[str, Any] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(path.parent / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
        self._connection = duckdb.connect(str(path), read_only=read_only, config=settings)

    @classmethod
    def create(cls, path: Path, **settings: Any) -> Self:
        """Start an empty ledger at ``path``, replacing what an unfinished run left there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in (path, path.with_name(path.name + ".wal")):
            leftover.unlink(missing_ok=True)
        ledger = cls(path, read_only=False, **settings)
        for table in tables().values():
            ledger.run(table.ddl)
        ledger.run(LIVE.ddl.replace("CREATE TABLE", "CREATE TEMP TABLE").replace("ON TABLE live", "ON TABLE temp.live"))
        ledger.run(views.FATES)
        ledger.run(views.FUNNEL)
        for view, meaning in views.COMMENTS.items():
            ledger.run(f"COMMENT ON VIEW {view} IS {quoted(meaning)}")
        return ledger

    @classmethod
    def published(cls, warehouse: Path) -> Self:
        """Open the ledger that ``warehouse`` published last, read-only; a ledger's file may be named as well."""
        path = warehouse if warehouse.is_file() else warehouse / "ledger.duckdb"
        if not path.is_file():
            raise LedgerError(
                f"{warehouse} has no published ledger; `gristmill run RECIPE --warehouse {warehouse}` makes one"
            )
        return cls(path, read_only=True)

    def run(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> None:
        """Execute statements that return nothing."""
        self._connection.execute(sql, parameters).fetchall()

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        cursor = self._connection.execute(sql, parameters)
        columns = [column[0] for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a person's query; LedgerError says what DuckDB did not understand.

        Ctrl-C, which DuckDB makes an error of its own, is a KeyboardInterrupt.
        """
        try:
            return self.rows(sql)
        except duckdb.Error as error:
            raise LedgerError(str(error)) from None
        except RuntimeError as error:
            if "interrupted" in str(error):
                raise KeyboardInterrupt from None
            raise

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> Any:
        """Return the single value of a query."""
        found = self._connection.execute(sql, parameters).fetchall()
        return found[0][0]

    def table(self, sql: str, parameters: Sequence[Any] | None = None, **given: pa.Table) -> pa.Table:
        """Return the result of a query as an Arrow table; ``given`` tables go by the names that it uses for them."""
        with self._registered(given):
            return self._connection.sql(sql, params=parameters or None).to_arrow_table()

    def insert(self, name: str, rows: pa.Table | Iterable[dict[str, Any]]) -> None:
        """Append rows to a table in one statement; missing columns are null."""
        schema = tables()[name].arrow
        data = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=schema)
        if data.num_rows:
            self.using(f"INSERT INTO {name} BY NAME SELECT * FROM given", given=data)

    def using(self, sql: str, parameters: Sequence[Any] | None = None, **given: pa.Table) -> None:
        """Execute ``sql`` with Arrow tables under the names that it uses for them."""
        with self._registered(given):
            self.run(sql, parameters)

    @contextmanager
    def _registered(self, given: dict[str, pa.Table]) -> Iterator[None]:
        for name, data in given.items():
            self._connection.register(name, data)
        yield
        for name in given:
            self._connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the statements of the block one transaction."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def publish(self, target: Path) -> None:
        """Copy the ledger into a fresh, compact file and put it at ``target`` by rename."""
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.aside")
        aside.unlink(missing_ok=True)
        name = self.path.stem.replace('"', "")
        self.run(f"ATTACH {quoted(str(aside))} AS published")
        self.run(f'COPY FROM DATABASE "{name}" TO published')
        self.run("DETACH published")
        aside.replace(target)

    def close(self) -> None:
        """Close the database; the ledger is of no use afterwards."""
        self._connection.close()
        # DuckDB complains at exit about connections that something still refers to.
        del self._connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
