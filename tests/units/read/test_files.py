"""A source's files: patterns against pathlib, names, errors that help, fingerprints, readers by suffix."""

import hashlib
import os
from pathlib import Path

import fsspec
import pytest

from schemas.errors import InputError, MissingExtraError
from tasks.read import expand, fingerprint, reader_of
from tasks.read._files import printable

NAMES = ["a.jsonl", "b.jsonl", "deep/a.jsonl", "deep/er/c.md", "deep/er/.hidden.md", ".git/x.md", "d [1].md"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def names(pattern: str | list[str]) -> list[str]:
    return [file.name for file in expand(pattern)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.jsonl", ["a.jsonl"]),
        ("*.jsonl", ["a.jsonl", "b.jsonl"]),
        ("[b-z].jsonl", ["b.jsonl"]),
        ("?.jsonl", ["a.jsonl", "b.jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b.jsonl", "deep/a.jsonl"]),
        ("deep/**/*.md", ["er/c.md"]),
        ("{a,b}.jsonl", ["a.jsonl", "b.jsonl"]),
        ("{a,deep/a}.jsonl", ["a.jsonl", "deep/a.jsonl"]),
        ("deep", ["a.jsonl", "er/c.md"]),
        ("deep/", ["a.jsonl", "er/c.md"]),
        ("", ["a.jsonl", "b.jsonl", "d [1].md", "deep/a.jsonl", "deep/er/c.md"]),
        (".git/*", ["x.md"]),
        ("d [1].md", ["d [1].md"]),
    ],
)
def test_patterns(pattern: str, expected: list[str], folder: Path) -> None:
    assert names(f"{folder}/{pattern}") == expected
    assert names(f"file://{folder}/{pattern}") == expected


def test_files_have_their_path_and_size_whatever_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    [file] = expand("deep/*.jsonl")
    assert (file.path, file.name, file.bytes) == (str(folder / "deep/a.jsonl"), "a.jsonl", len("deep/a.jsonl"))


def test_a_list_is_joined_and_a_file_counted_once(folder: Path) -> None:
    assert names([f"{folder}/*.jsonl", f"{folder}/b.jsonl", f"{folder}/deep/er"]) == ["a.jsonl", "b.jsonl", "c.md"]


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"would both be called 'a\.jsonl'"):
        expand([f"{folder}/a.jsonl", f"{folder}/deep/a.jsonl"])


@pytest.mark.parametrize("pattern", ["none/*.jsonl", "none/x/y.jsonl", "*.parquet"])
def test_a_pattern_without_files_names_the_nearest_folder(pattern: str, folder: Path) -> None:
    with pytest.raises(InputError) as raised:
        expand(f"{folder}/{pattern}")
    assert str(raised.value) == f"no file matches '{folder}/{pattern}'; the nearest folder that exists is '{folder}'"


def test_a_missing_file_is_named_without_detours(folder: Path) -> None:
    with pytest.raises(InputError, match=f"no file matches '{folder}/none.md'; .* is '{folder}'"):
        expand(f"{folder}/void/../deep/../none.md")


def test_remote_files(folder: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({"/bucket/x/a.jsonl": b"1", "/bucket/x/y/b.jsonl": b"22", "/bucket/c.md": b"3"})
    files = expand("memory://bucket/x/**/*.jsonl")
    assert [(file.path, file.name, file.bytes) for file in files] == [
        ("memory:///bucket/x/a.jsonl", "a.jsonl", 1),
        ("memory:///bucket/x/y/b.jsonl", "y/b.jsonl", 2),
    ]
    assert names("memory://bucket") == ["c.md", "x/a.jsonl", "x/y/b.jsonl"]
    assert fingerprint("memory://bucket/c.md") == fingerprint("memory://bucket/c.md") != fingerprint(files[0].path)
    with pytest.raises(InputError, match="no file matches"):
        expand("memory://bucket/none/*")


@pytest.mark.parametrize(("url", "hint"), [("s3://b/x.jsonl", "gristmill[s3]"), ("gs://b/x.jsonl", "gristmill[gcs]")])
def test_a_missing_extra_says_what_to_install(url: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ImportError("Install it")

    monkeypatch.setattr("tasks.read._files.url_to_fs", missing)
    with pytest.raises(MissingExtraError) as raised:
        expand(url)
    assert f"pip install '{hint}'" in str(raised.value)


def test_an_unknown_protocol_is_an_input_error() -> None:
    with pytest.raises(InputError, match="nosuch"):
        expand("nosuch://x/y")


def test_the_fingerprint_of_a_local_file_is_its_sha256(folder: Path) -> None:
    assert fingerprint(str(folder / "a.jsonl")) == f"sha256:{hashlib.sha256(b'a.jsonl').hexdigest()}"
    with pytest.raises(InputError, match="cannot be opened"):
        fingerprint(str(folder / "none"))


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        ("a.JSONL", "jsonl"),
        ("a.ndjson.zstd", "jsonl"),
        ("x/*.json.gz", "jsonl"),
        ("a.tsv", "csv"),
        ("docs/", "text"),
        ("a.py", "text"),
    ],
)
def test_the_reader_follows_from_the_suffix(path: str, reader: str) -> None:
    assert reader_of(path) == reader


def test_a_name_that_is_not_utf8_is_written_out() -> None:
    assert printable(os.fsdecode(b"caf\xe9.txt")) == r"caf\xe9.txt"
    assert printable("café.txt") == "café.txt"


def test_links_to_files_are_read_and_links_that_would_hide_documents_refused(folder: Path) -> None:
    linked = folder / "linked"
    linked.mkdir()
    (linked / "a.jsonl").symlink_to("../a.jsonl")
    (linked / "b.jsonl").symlink_to(folder / "b.jsonl")
    for pattern in ("linked", "linked/*.jsonl", "linked/**/*.jsonl", "linked/{a,b}.jsonl"):
        assert names(f"{folder}/{pattern}") == ["a.jsonl", "b.jsonl"]
    assert [file.bytes for file in expand(str(linked))] == [len("a.jsonl"), len("b.jsonl")]
    assert fingerprint(str(linked / "a.jsonl")) == fingerprint(str(folder / "a.jsonl"))
    (linked / "deep").symlink_to("../deep")
    assert names(f"{linked}/*.jsonl") == ["a.jsonl", "b.jsonl"]
    with pytest.raises(InputError, match=r"link to a folder, which is not followed: name '\.\./deep'"):
        expand(str(linked))
    (linked / "c.jsonl").symlink_to("nowhere")
    with pytest.raises(InputError, match="link to 'nowhere', which does not exist"):
        expand(f"{linked}/*.jsonl")
