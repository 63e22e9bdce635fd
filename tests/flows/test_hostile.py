"""Whatever is fed to a run is accounted for: it stops nothing, shortens nothing, and its place and cause are told."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import AuditError, InputError, ToleranceError
from tasks.ledger import Ledger
from tests.small import digests, run_here

MEGABYTES_50 = 50 * 2**20
STEPS = """
steps:
  - filter: ["words >= 1", {rule: "words >= q0", per: source}]
  - deduplicate: [exact, minhash]
  - reweight: natural
  - order: in_context
  - pack: {best_fit: {context_length: 1000000}}
export: [parquet, jsonl]
"""


def words(seed: int) -> str:
    """A text of 201 words that no other seed gives."""
    return f"Number {seed} has words: {random.Random(seed).randbytes(197).hex(' ')}"


GOOD = [{"id": f"good {i}", "text": words(i)} for i in range(9)]


def lines(*rows: dict[str, Any] | bytes) -> bytes:
    """JSON Lines; bytes are taken as they are."""
    return b"".join((r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode()) + b"\n" for r in rows)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def recipe(*sources: str, steps: str = STEPS, tolerance: object = 100, **more: object) -> str:
    """A recipe over folders of these names."""
    named = "".join(f"  {name}: {name}\n" for name in sources)
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"name: hostile\nsources:\n{named}tolerance: {tolerance}\n{rest}{steps}"


def ask(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with Ledger.published(warehouse) as ledger:
        return [tuple(row.values()) for row in ledger.rows(sql)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over a folder of everything hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    packed = gzip.compress(lines(*({"id": f"gz {i}", "text": words(100 + i)} for i in range(9))))
    files = {
        "mixed/a.jsonl": lines(
            GOOD[0],
            {"id": "blank", "text": " \n\t\u3000"},
            {"id": "empty", "text": ""},
            b'{"id": "broken", "text": "no end',
            b'{"id": "bytes", "text": "caf\xe9"}',
            {"id": "no text"},
            {"id": "null", "text": None},
            {"id": "a number", "text": 7},
            b"[]",
            b"",
            {"id": "separators", "text": "one\u2028two\u2029three\u0085four\x0bfive\x1c\x1d\x1e six"},
            {"id": "controls", "text": "\x00\x01\x1b[31m\x7f \ufffd\ufeff\U0010ffff"},
            GOOD[1],
        ),
        "mixed/b.jsonl": b"",
        "mixed/c.jsonl.gz": packed[:-30],
        "mixed/d.jsonl": lines(*GOOD[2:])[:-1],  # no newline at the end
        "mixed/e.txt": b"\xff\xfe not text",
        "mixed/f.md": b"# A page\n\nof Markdown.\n",
        "large/a.jsonl": lines(
            {"id": "50 MB", "text": "word " * (MEGABYTES_50 // 5)}, {"id": "after", "text": "still here"}
        ),
        "void/a.jsonl": lines({"id": "1", "text": ""}, b"{", {"id": "2"}),
        "nothing/a.jsonl": b"",
    }
    write(folder, files)
    run_here(folder, folder / "warehouse", recipe=recipe("mixed", "large", "void", "nothing"))
    return folder / "warehouse"


def test_every_record_has_a_fate_and_every_law_holds(warehouse: Path) -> None:
    assert ask(warehouse, "SELECT law, example FROM audits WHERE NOT passed") == []
    [(records, documents, failures)] = ask(
        warehouse,
        "SELECT (SELECT sum(records) FROM inputs), (SELECT count(*) FROM documents), (SELECT count(*) FROM failures)",
    )
    assert records == documents + failures
    [(kept, left)] = ask(
        warehouse, "SELECT (SELECT count(*) FROM weights), (SELECT count(*) FROM fates JOIN documents USING (doc_id))"
    )
    assert kept + left == documents


def test_failures_have_their_place_and_cause(warehouse: Path) -> None:
    found = ask(warehouse, "SELECT file, row, place, error FROM failures WHERE source = 'mixed' ORDER BY file, row")
    assert [(file, row) for file, row, *_ in found if file == "a.jsonl"] == [("a.jsonl", i) for i in (3, 4, 5, 6, 7, 8)]
    data = (warehouse.parent / "mixed/a.jsonl").read_bytes()
    causes = {data[place:].split(b"\n")[0][:14]: error for file, _, place, error in found if file == "a.jsonl"}
    assert set(causes) == {
        b'{"id": "broken',
        b'{"id": "bytes"',
        b'{"id": "no tex',
        b'{"id": "null",',
        b'{"id": "a numb',
        b"[]",
    }
    assert all(causes.values())
    assert [file for file, *_ in found if file != "a.jsonl"] == ["c.jsonl.gz", "e.txt"]
    [cause] = [error for file, *_, error in found if file == "c.jsonl.gz"]
    assert "truncated" in cause or "end" in cause.lower()


def test_what_comes_before_and_after_is_not_lost(warehouse: Path) -> None:
    kept = {id_ for (id_,) in ask(warehouse, "SELECT id FROM documents JOIN weights USING (doc_id)")}
    assert {row["id"] for row in GOOD} <= kept
    assert {"separators", "after"} <= kept
    assert sum(str(id_).startswith("gz") for id_ in kept) >= len(GOOD) - 3, "a truncated file gives what came before"


def test_line_separators_and_controls_come_out_as_they_went_in(warehouse: Path) -> None:
    [(release,)] = ask(warehouse, "SELECT release FROM runs")
    [(doc_id,)] = ask(warehouse, "SELECT doc_id FROM documents WHERE id = 'separators'")
    for reader in ("parquet", "json"):
        files = ask(warehouse, f"SELECT path FROM exports WHERE content = 'documents' AND path LIKE '%{reader}%'")
        paths = [f"{warehouse}/{release}/{path}" for (path,) in files]
        found = ask(warehouse, f"SELECT text FROM read_{reader}({paths!r}) WHERE doc_id::UBIGINT = {doc_id}")
        assert found == [("one\u2028two\u2029three\u0085four\x0bfive\x1c\x1d\x1e six",)]


def test_blank_and_oversized_texts_are_drops_with_value_and_threshold(warehouse: Path) -> None:
    found = ask(
        warehouse,
        "SELECT source, id, rule, value, threshold FROM drops JOIN documents USING (doc_id) WHERE step = 0 "
        "ORDER BY ALL",
    )
    assert found == [
        ("large", "50 MB", "max_document_bytes", MEGABYTES_50, 10_000_000),
        ("mixed", "blank", "not_blank", 0, 1),
        ("mixed", "empty", "not_blank", 0, 1),
        ("void", "1", "not_blank", 0, 1),
    ]


def test_a_source_of_nothing_valid_is_in_the_books(warehouse: Path) -> None:
    assert ask(warehouse, "SELECT entered, kept, dropped, failed FROM funnel WHERE source = 'void' AND step = 0") == [
        (3, 0, 1, 2)
    ]
    assert ask(warehouse, "SELECT source, records FROM inputs WHERE source = 'nothing'") in (
        [("nothing", 0)],
        [("nothing", None)],
    )


def test_a_50_megabyte_document_may_be_kept(tmp_path: Path) -> None:
    write(tmp_path, {"a/a.jsonl": lines({"id": "50 MB", "text": "x" * MEGABYTES_50}, *GOOD)})
    steps = "steps:\n  - score: [size]\n  - pack: {concatenate: {context_length: 8192}}\n"
    run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=steps, max_document_bytes=60_000_000))
    [(words, bytes_, packed)] = ask(
        tmp_path / "w",
        "SELECT words, bytes, (SELECT sum(stop - start) FROM segments s WHERE s.doc_id = d.doc_id)::BIGINT "
        "FROM documents d JOIN scores USING (doc_id) WHERE id = '50 MB'",
    )
    assert (words, bytes_, packed) == (1, MEGABYTES_50, MEGABYTES_50 + 1)


NO_RECORDS = {
    "an empty file": {"a/a.jsonl": b""},
    "an empty packed file": {"a/a.jsonl.gz": gzip.compress(b"")},
    "blank lines": {"a/a.jsonl": b"\n\n\n"},
}
NOTHING_VALID = {
    "only failures": {"a/a.jsonl": b"{\n}\n"},
    "only blank texts": {"a/a.jsonl": lines({"text": " "}, {"text": ""})},
    "an empty text file": {"a/a.txt": b""},
}


@pytest.mark.parametrize("case", NO_RECORDS)
def test_sources_without_a_record_publish_nothing(tmp_path: Path, case: str) -> None:
    write(tmp_path, NO_RECORDS[case])
    with pytest.raises(InputError, match="no source holds a record; nothing was published"):
        run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=STEPS))
    assert not (tmp_path / "w" / "ledger.duckdb").exists() and not list((tmp_path / "w").glob("releases/[!.]*"))


@pytest.mark.parametrize("case", NOTHING_VALID)
@pytest.mark.parametrize("steps", ["", STEPS], ids=["no steps", "every step"])
def test_a_run_over_nothing_valid_is_a_release_of_nothing(tmp_path: Path, case: str, steps: str) -> None:
    write(tmp_path, NOTHING_VALID[case])
    release = run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=steps))
    assert ask(tmp_path / "w", "SELECT count(*) FROM weights") == [(0,)]
    assert ask(tmp_path / "w", "SELECT law FROM audits WHERE NOT passed") == []
    assert (release / "report.html").is_file() and (release / "manifest.json").is_file()


def test_a_run_that_drops_everything_is_in_the_books(tmp_path: Path) -> None:
    write(tmp_path, {"a/a.jsonl": lines(*GOOD)})
    steps = STEPS.replace("words >= 1", "words >= 1000000")
    run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=steps))
    assert ask(tmp_path / "w", "SELECT rule, value, threshold FROM drops ORDER BY doc_id LIMIT 1")[0][2] == 1_000_000
    assert ask(tmp_path / "w", "SELECT count(*) FROM drops") == [(len(GOOD),)]
    assert ask(tmp_path / "w", "SELECT (SELECT count(*) FROM places), (SELECT count(*) FROM segments)") == [(0, 0)]


def test_a_recipe_without_steps_keeps_everything_as_read(tmp_path: Path) -> None:
    write(tmp_path, {"a/a.jsonl": lines(*GOOD)})
    run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=""))
    order = ask(tmp_path / "w", "SELECT id FROM places JOIN documents USING (doc_id) ORDER BY position")
    assert [id_ for (id_,) in order] == [row["id"] for row in GOOD]


# Tolerance

BAD = {"a/good.jsonl": lines(*GOOD), "a/bad.jsonl": lines(*(b"{" for _ in range(7)), *GOOD[:3])}


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data.replace(b'"good ', b'"other ') if "bad" in name else data for name, data in files.items()}


@pytest.mark.parametrize(
    ("tolerance", "stops"), [(0, True), (6, True), (7, False), ("36%", True), ("0.37", False), ("37%", False)]
)
def test_a_tolerance_is_a_count_or_a_share(tmp_path: Path, tolerance: object, stops: bool) -> None:
    write(tmp_path, renamed(BAD))  # 7 of 19 records fail
    plan = recipe("a", steps="", tolerance=tolerance)
    if not stops:
        run_here(tmp_path, tmp_path / "w", recipe=plan)
        assert ask(tmp_path / "w", "SELECT count(*) FROM failures") == [(7,)]
        return
    with pytest.raises(ToleranceError) as raised:
        run_here(tmp_path, tmp_path / "w", recipe=plan)
    message = str(raised.value)
    allowed = {0: 0, 6: 6, "36%": 6}[tolerance]
    assert f"7 of 19 records failed, the recipe tolerates {allowed}; nothing was published" in message
    assert "a: bad.jsonl, record 0, byte 0: " in message and "a: bad.jsonl, record 4, byte 8: " in message
    assert "and 2 more" in message and "`tolerance`" in message
    assert not (tmp_path / "w" / "ledger.duckdb").exists() and not list((tmp_path / "w").glob("releases/[!.]*"))


def test_a_run_that_stops_leaves_the_published_ledger(tmp_path: Path) -> None:
    write(tmp_path, {"a/good.jsonl": lines(*GOOD)})
    plan = recipe("a", steps="", tolerance=0)
    release = run_here(tmp_path, tmp_path / "w", recipe=plan)
    before = digests(release), (tmp_path / "w" / "ledger.duckdb").read_bytes()
    write(tmp_path, renamed(BAD))
    with pytest.raises(ToleranceError):
        run_here(tmp_path, tmp_path / "w", recipe=plan)
    with pytest.raises(AuditError):
        run_here(
            tmp_path, tmp_path / "w", recipe=recipe("a", steps="steps: [{filter: 'words >= 9999'}]", survival_floor=0.1)
        )
    assert (digests(release), (tmp_path / "w" / "ledger.duckdb").read_bytes()) == before
    assert len(ask(tmp_path / "w", "FROM documents")) == len(GOOD)


# Floors and identities


def test_a_source_under_the_floor_stops_the_run_and_is_named(tmp_path: Path) -> None:
    long = [{"id": str(i), "text": f"{i} " + "many words " * 200} for i in range(4)]
    write(tmp_path, {"rich/a.jsonl": lines(*long), "poor/a.jsonl": lines(*GOOD, *long[:1])})
    steps = "steps: [{filter: 'words >= 300'}]\nexport: []\n"
    with pytest.raises(AuditError) as raised:
        run_here(tmp_path, tmp_path / "w", recipe=recipe("rich", "poor", steps=steps, survival_floor=0.2))
    assert "survival floor: 1 offenders, such as source poor, entered 10, kept 1" in str(raised.value)
    assert not (tmp_path / "w" / "ledger.duckdb").exists() and not list((tmp_path / "w").glob("releases/[!.]*"))
    run_here(tmp_path, tmp_path / "w", recipe=recipe("rich", "poor", steps=steps, survival_floor=0.1))


def test_an_id_used_twice_in_a_source_stops_the_run_with_both_places(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/a.jsonl": lines(*GOOD),
            "a/b.jsonl": lines(*({**row, "id": f"b{i}"} for i, row in enumerate(GOOD)), GOOD[4]),
        },
    )
    with pytest.raises(AuditError) as raised:
        run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=""))
    assert "id 'good 4' of a 2 times, first in a.jsonl, record 4, last in b.jsonl, record 9" in str(raised.value)
    assert "Name another field as `id`" in str(raised.value)
    assert not (tmp_path / "w" / "ledger.duckdb").exists()


def test_an_id_that_all_share_stops_the_run_at_once(tmp_path: Path) -> None:
    many = lines(*({"id": "same", "text": f"text {i}"} for i in range(20_000)))
    write(tmp_path, {"a/a.jsonl": many})
    with pytest.raises(
        AuditError, match=r"id 'same' of a 20000 times, first in a.jsonl, record 0, last in a.jsonl, record 19999"
    ):
        run_here(tmp_path, tmp_path / "w", recipe=recipe("a", steps=""))


def test_the_same_id_in_two_sources_is_two_documents(tmp_path: Path) -> None:
    write(tmp_path, {"a/a.jsonl": lines(*GOOD), "b/a.jsonl": lines(*GOOD)})
    run_here(tmp_path, tmp_path / "w", recipe=recipe("a", "b", steps=""))
    assert ask(tmp_path / "w", "SELECT count(DISTINCT doc_id) FROM documents") == [(2 * len(GOOD),)]


def test_a_source_of_no_file_is_told_with_the_nearest_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file matches '.*void'; the nearest folder that exists is"):
        run_here(tmp_path, tmp_path / "w", recipe=recipe("void", steps=""))
