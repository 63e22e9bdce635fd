"""The export: every text and token at its place, the same bytes however the texts lie, read back by what others use."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.errors import AuditError, InputError, UnitError
from tasks.tokenize import TokenizerSpec, load
from tasks.transform._pieces import PIECES, replaced
from tasks.write import _gather, _scatter
from tasks.write._gather import gather, jobs
from tasks.write._plan import plan_export
from tasks.write._scatter import scatter
from tests.units.write.corpus import FORMATS, Corpus, corpus, export, segments_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return corpus(tmp_path_factory.mktemp("corpus"), 3)


@pytest.fixture(scope="module")
def release(made: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("export")
    rows = export(made, segments_of(made), folder)
    return folder / "release", rows


def lines(folder: Path, content: str) -> list[dict[str, Any]]:
    """Read all JSON Lines of a content, with the command-line rules of the format: lines end at line feeds."""
    found = []
    for path in sorted((folder / "jsonl").glob(f"{content}-*.jsonl.zst")):
        with path.open("rb") as file:
            data = zstandard.ZstdDecompressor().stream_reader(file).read()
        assert data.endswith(b"\n")
        found += [orjson.loads(line) for line in data[:-1].split(b"\n")]
    return found


def table(folder: Path, content: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / "parquet").glob(f"{content}-*"))])


def test_each_text_lies_at_its_place_in_both_formats(made: Corpus, release: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = release
    found = table(folder, "documents").to_pylist()
    planned = made.places.drop_columns(["part", "bytes"]).to_pylist()
    assert [{k: v for k, v in row.items() if k not in ("text", "metadata")} for row in found] == planned
    assert [row["text"] for row in found] == [made.texts[row["doc_id"]] for row in planned]
    numbers = {doc_id: i for i, doc_id in enumerate(made.texts)}
    expected = [f'{{"n":{n}}}' if n % 2 else None for n in (numbers[row["doc_id"]] for row in planned)]
    assert [row["metadata"] for row in found] == expected
    for row in found:
        row.update(doc_id=str(row["doc_id"]), url=row["url"] or "", metadata=row["metadata"] or "")
    assert lines(folder, "documents") == found


def test_contexts_hold_the_tokens_of_their_segments(made: Corpus, release: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = release
    segments = segments_of(made)
    found = table(folder, "contexts").to_pylist()
    assert [row["context_id"] for row in found] == list(range(len(found)))
    flat = [
        {
            "context_id": row["context_id"],
            "position": position,
            "doc_id": row["doc_ids"][position],
            "copy": row["copies"][position],
            "start": start,
            "stop": start + row["lengths"][position],
        }
        for row in found
        for position, start in enumerate(row["starts"])
    ]
    assert flat == segments.select(list(flat[0])).to_pylist()
    for row in found:
        tokens = iter(row["tokens"])
        for doc_id, start, length in zip(row["doc_ids"], row["starts"], row["lengths"], strict=True):
            whole = [*made.texts[doc_id].encode(), 256]
            assert [next(tokens) for _ in range(length)] == whole[start : start + length]
        assert next(tokens, None) is None
        assert row["loss_weights"] == [1.0] * len(row["doc_ids"])
    assert table(folder, "contexts").schema.field("tokens").type.value_type == pa.uint16()
    assert lines(folder, "contexts") == [{**row, "doc_ids": [str(i) for i in row["doc_ids"]]} for row in found]


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_the_bytes_do_not_depend_on_how_texts_are_spread(
    parts: int, release: tuple[Path, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_scatter, "BLOCK_BYTES", 50_000 * parts)
    other = corpus(tmp_path / "corpus", parts)
    assert export(other, segments_of(other), tmp_path) == release[1]


ALL: dict[str, dict[str, Any]] = {
    name: {"full_context": 512} for name in ("mds", "megatron", "numpy_tokens", "webdataset")
}


def test_token_formats_have_the_same_bytes_however_texts_are_spread(made: Corpus, tmp_path: Path) -> None:
    first = export(made, segments_of(made), tmp_path / "a", formats=ALL)
    other = corpus(tmp_path / "corpus", 7)
    assert export(other, segments_of(other), tmp_path / "b", formats=ALL) == first
    contexts = int(segments_of(made)["context_id"].to_numpy().max()) + 1
    for name in ALL:
        mine = [row for row in first if row["format"] == name]
        assert {row["content"] for row in mine} == {"contexts"}
        counted = [row for row in mine if row["contexts"]]
        assert sum(row["contexts"] for row in counted) == contexts and len(counted) > 1
        assert all(row["documents"] == row["tokens"] == 0 for row in mine if row not in counted)
    paths = [path for path in (tmp_path / "a" / "release").rglob("*") if path.is_file()]
    assert sorted(row["path"] for row in first) == sorted(
        path.relative_to(tmp_path / "a" / "release").as_posix() for path in paths
    )


def test_a_file_beside_another_is_made_again_with_it(made: Corpus, tmp_path: Path) -> None:
    first = export(made, segments_of(made), tmp_path, formats=ALL)
    (tmp_path / "release" / "mds" / "index.json").unlink()
    for name in ("megatron/contexts-00000-of-*.idx", "numpy_tokens/label_mask/contexts-00001-of-*.npy"):
        next((tmp_path / "release").glob(name)).unlink()
    assert export(made, segments_of(made), tmp_path, formats=ALL) == first


def test_formats_of_contexts_write_nothing_where_there_are_none(made: Corpus, tmp_path: Path) -> None:
    assert export(made, None, tmp_path, formats=ALL) == []


def test_the_manifest_is_what_lies_there(made: Corpus, release: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, rows = release
    assert sorted(row["path"] for row in rows) == sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    for row in rows:
        data = (folder / row["path"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    tokens, kept = int(made.places["tokens"].to_numpy().sum()), made.places.num_rows
    contexts = int(segments_of(made)["context_id"].to_numpy().max()) + 1
    for name in FORMATS:
        for content, expected in (("documents", (kept, 0, tokens)), ("contexts", (kept, contexts, tokens))):
            mine = [row for row in rows if (row["format"], row["content"]) == (name, content)]
            assert len(mine) > 1
            assert tuple(sum(row[k] for row in mine) for k in ("documents", "contexts", "tokens")) == expected


def test_duckdb_reads_every_file(made: Corpus, release: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, _ = release
    places = {row["position"]: made.texts[row["doc_id"]] for row in made.places.to_pylist()}
    for reader in (f"read_parquet('{folder}/parquet/documents-*')", f"read_json('{folder}/jsonl/documents-*')"):
        rows = duckdb.sql(f"SELECT position, text, doc_id::UBIGINT FROM {reader} ORDER BY position").fetchall()
        assert {position: text for position, text, _ in rows} == places
        assert [doc_id for *_, doc_id in rows] == made.places["doc_id"].to_pylist()
    for reader in (f"read_parquet('{folder}/parquet/contexts-*')", f"read_json('{folder}/jsonl/contexts-*')"):
        total = duckdb.sql(f"SELECT sum(len(tokens)), sum(list_sum(lengths)) FROM {reader}").fetchall()
        assert total == [(int(made.places["tokens"].to_numpy().sum()),) * 2]


@pytest.mark.parametrize("content", ["documents", "contexts"])
@pytest.mark.filterwarnings("ignore")
def test_hugging_face_datasets_reads_every_file(
    made: Corpus,
    release: tuple[Path, list[dict[str, Any]]],
    tmp_path: Path,
    content: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    folder, _ = release
    loaded = {}
    for name, kind in (("parquet", "parquet"), ("jsonl", "json")):
        files = [str(path) for path in sorted((folder / name).glob(f"{content}-*"))]
        loaded[name] = datasets.load_dataset(kind, data_files=files, split="train", cache_dir=str(tmp_path / name))
    column = "text" if content == "documents" else "tokens"
    assert list(loaded["parquet"][column]) == table(folder, content)[column].to_pylist()
    assert list(loaded["jsonl"][column]) == list(loaded["parquet"][column])


def test_row_groups_are_bounded_in_bytes(made: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_gather, "GROUP_BYTES", 30_000)
    monkeypatch.setattr(_gather, "GROUP_TOKENS", 5_000)
    export(made, segments_of(made), tmp_path)
    counts = []
    for path in (tmp_path / "release" / "parquet").iterdir():
        file = pq.ParquetFile(path)
        groups = [file.read_row_group(i) for i in range(file.num_row_groups)]
        counts.append(len(groups))
        if "documents" in path.name:
            assert all(len("".join(g["text"].to_pylist()[:-1]).encode()) < 30_000 for g in groups)
        else:
            assert all(sum(map(len, g["tokens"].to_pylist()[:-1])) < 5_000 for g in groups)
        assert file.metadata.row_group(0).column(0).is_stats_set
    assert max(counts) > 1


def test_a_tokenizer_file_gives_its_own_tokens(tmp_path: Path) -> None:
    library = pytest.importorskip("tokenizers")
    bpe = library.ByteLevelBPETokenizer()
    bpe.train_from_iterator(["a few words to learn from, and again a few words"], vocab_size=300)
    bpe.add_special_tokens(["</s>"])
    bpe.save(str(tmp_path / "tokenizer.json"))
    spec = TokenizerSpec(str(tmp_path / "tokenizer.json"))
    made = corpus(tmp_path, 2, spec)
    export(made, segments_of(made, 64), tmp_path, tokenizer=spec)
    pieces: dict[tuple[int, int], dict[int, list[int]]] = {}
    for row in table(tmp_path / "release", "contexts").to_pylist():
        cuts = np.cumsum([0, *row["lengths"]]).tolist()
        for i, key in enumerate(zip(row["doc_ids"], row["copies"], strict=True)):
            pieces.setdefault(key, {})[row["starts"][i]] = row["tokens"][cuts[i] : cuts[i + 1]]
    for place in made.places.to_pylist():
        ids, _ = load(spec).encode(pa.array([made.texts[place["doc_id"]]]))
        found = pieces[place["doc_id"], place["copy"]]
        assert [t for start in sorted(found) for t in found[start]] == ids.tolist()


def test_texts_alone_are_written_without_contexts(made: Corpus, tmp_path: Path) -> None:
    rows = export(made, None, tmp_path)
    assert {row["content"] for row in rows} == {"documents"}
    assert not list(tmp_path.rglob("contexts*"))


def test_inserted_tokens_stand_where_they_were_put(made: Corpus, tmp_path: Path) -> None:
    segments = segments_of(made)
    rows = segments.to_pylist()
    marked = []
    for row in rows:
        marker = {"inserted": [300, row["context_id"]], "role": "marker", "loss_weight": 0.0, "stop": row["start"]}
        marked += [{**row, **marker, "doc_id": None}, row]
    with_markers = pa.Table.from_pylist(marked, PIECES)
    numbers = np.concatenate([np.arange(2 * n) for n in np.unique(segments["context_id"], return_counts=True)[1]])
    export(made, replaced(with_markers, position=numbers), tmp_path)
    for row in table(tmp_path / "release", "contexts").to_pylist():
        tokens = iter(row["tokens"])
        pieces = zip(row["roles"], row["doc_ids"], row["starts"], row["lengths"], row["loss_weights"], strict=True)
        for i, (role, doc_id, start, length, weight) in enumerate(pieces):
            found = [next(tokens) for _ in range(length)]
            if i % 2 == 0:
                assert (role, doc_id, found, weight) == ("marker", 0, [300, row["context_id"]], 0.0)
            else:
                assert (role, weight) == ("text", 1.0)
                assert found == [*made.texts[doc_id].encode(), 256][start : start + length]
        assert next(tokens, None) is None


def test_nothing_kept_writes_nothing(made: Corpus) -> None:
    plan = plan_export(made.places.slice(0, 0), segments_of(made).slice(0, 0))
    assert (plan.shares, plan.files) == ({}, ())


def test_what_is_there_is_done_and_what_is_half_done_is_not_there(made: Corpus, tmp_path: Path) -> None:
    first = export(made, segments_of(made), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    missing = sorted((tmp_path / "release" / "jsonl").iterdir())[0]
    missing.unlink()
    assert export(made, segments_of(made), tmp_path) == first
    again = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert {path for path in again if again[path] != times[path]} == {missing}


def test_a_failure_leaves_no_file(made: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(_scatter, "_put_contexts", fail)
    with pytest.raises(OSError, match="disk full"):
        export(made, segments_of(made), tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_what_does_not_fit_the_plan_is_refused(made: Corpus, tmp_path: Path) -> None:
    plan = plan_export(made.places, segments_of(made))
    with pytest.raises(InputError, match=r"lack document \d+ and \d+ others"):
        scatter(made.parts[0], plan.shares[1], str(tmp_path / "wrong.shelf"))
    longer = made.places.set_column(
        made.places.column_names.index("tokens"), "tokens", pa.array(made.places["tokens"].to_numpy() + 9)
    )
    other = plan_export(longer, segments_of(Corpus(made.texts, made.parts, longer)))
    with pytest.raises(UnitError, match="tokens but was packed up to"):
        scatter(made.parts[0], other.shares[0], str(tmp_path / "longer.shelf"))
    shelf = scatter(made.parts[0], plan.shares[0], str(tmp_path / "0.shelf"))
    with pytest.raises(AuditError, match="rows were collected that are not"):
        gather(jobs(plan, [shelf])[0], str(tmp_path), formats=FORMATS)
    with pytest.raises(AuditError, match="nothing was collected"):
        gather(jobs(plan, [])[0], str(tmp_path), formats=FORMATS)


def test_the_work_travels_without_the_rest(made: Corpus) -> None:
    plan = plan_export(made.places, segments_of(made), file_bytes=20_000)
    assert len(plan.files) > 5
    whole = len(pickle.dumps(made.places))
    assert max(len(pickle.dumps(file.rows)) for file in plan.files if file.content == "documents") < whole / 2
    again = pickle.loads(pickle.dumps(plan))
    assert all(again.shares[part].documents.equals(share.documents) for part, share in plan.shares.items())


PEAK = """
import pickle, re, sys
from pathlib import Path
from tests.units.write.corpus import export, segments_of
peaks = []
for name in sys.argv[1:]:
    made = pickle.loads(Path(name).read_bytes())
    export(made, segments_of(made, 2048), Path(name).parent, file_bytes=4 << 20)
    peaks.append(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
print(*peaks)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux to know a process's peak")
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    base = "All work and no play makes a dull text. " * 2500
    names = []
    for count in (1, 150, 450):  # documents of 100 KB: 15 and 45 MB of text, in files of 4 MB
        name = tmp_path / str(count) / "corpus.pickle"
        made = corpus(name.parent, 1, found=[f"{i} {base}" for i in range(count)])
        name.write_bytes(pickle.dumps(Corpus({}, made.parts, made.places)))
        names.append(str(name))
    command = [sys.executable, "-c", PEAK, *names]
    idle, small, large = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert small - idle < 250
    assert large - small < 90
