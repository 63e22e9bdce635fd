"""Tokenizers: ids are those of the format or library they name, whole, with one end-of-text each."""

import builtins
import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import InputError, MissingExtraError, RecipeError
from tasks import tokenize
from tasks.tokenize import FileTokenizer, TokenizerSpec, load
from tests.data import texts

ANY = st.lists(st.text(), max_size=8)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A byte-level BPE trained on real texts, whose file asks for truncation and padding."""
    library = pytest.importorskip("tokenizers")
    bpe = library.ByteLevelBPETokenizer()
    bpe.train_from_iterator(list(texts(20)), vocab_size=400, special_tokens=["<|endoftext|>", "<|other|>"])
    bpe.enable_truncation(5)
    bpe.enable_padding(length=7)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    bpe.save(str(path))
    return str(path)


@settings(deadline=None)
@given(ANY)
def test_bytes_are_the_utf8_of_python(found: list[str]) -> None:
    ids, offsets = load().encode(pa.array(found, pa.large_string()))
    expected = [[*text.encode(), 256] for text in found]
    assert [ids[a:b].tolist() for a, b in itertools.pairwise(offsets)] == expected
    assert load().lengths(pa.array(found, pa.string())).tolist() == [len(e) for e in expected]
    assert ids.dtype == np.uint16


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_slice_of_an_array_is_its_own_texts(kind: pa.DataType) -> None:
    array = pa.array(["abc", "é", "", "\x00\u2028"], kind)[1:]
    ids, offsets = load().encode(array)
    assert ids.tolist() == [195, 169, 256, 256, 0, 226, 128, 168, 256]
    assert offsets.tolist() == [0, 3, 4, 9]
    assert load().lengths(array).tolist() == [3, 1, 5]


def test_a_file_gives_the_ids_of_its_library(file: str) -> None:
    library = pytest.importorskip("tokenizers").Tokenizer.from_file(file)
    library.no_truncation()
    library.no_padding()
    found = [*texts(20), "", "\x00 \u2028"]
    ids, offsets = load(TokenizerSpec(file)).encode(pa.array(found))
    end = library.token_to_id("<|endoftext|>")
    for i, text in enumerate(found):
        assert ids[offsets[i] : offsets[i + 1]].tolist() == [*library.encode(text).ids, end]
    assert load(TokenizerSpec(file)).lengths(pa.array(found)).tolist() == np.diff(offsets).tolist()
    assert int(ids.max()) < load(TokenizerSpec(file)).vocabulary


def test_a_document_cannot_end_itself(file: str) -> None:
    ids, _ = load(TokenizerSpec(file)).encode(pa.array(["a <|endoftext|> b"]))
    end = int(ids[-1])
    assert (ids == end).sum() == 1


@pytest.mark.parametrize("text", ["word and\nline " * 40, "x" * 500, "no_line but spaces " * 30])
def test_long_texts_are_encoded_in_pieces_and_lose_nothing(
    file: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenize, "PIECE", 64)
    tokenizer = FileTokenizer(file)
    ids, offsets = tokenizer.encode(pa.array([text, "short", text]))
    library = pytest.importorskip("tokenizers").Tokenizer.from_file(file)
    assert library.decode(ids[offsets[0] : offsets[1] - 1].tolist()) == text
    assert ids[offsets[0] : offsets[1]].tolist() == ids[offsets[2] : offsets[3]].tolist()
    assert len(list(tokenize._pieces(text))) > 1 and "".join(tokenize._pieces(text)) == text


def test_the_end_of_text_is_the_one_named_and_counts_in_the_fingerprint(file: str) -> None:
    usual, named = load(TokenizerSpec(file)), load(TokenizerSpec(file, "<|other|>"))
    assert usual.encode(pa.array([""]))[0].tolist() != named.encode(pa.array([""]))[0].tolist()
    assert len({load().fingerprint, usual.fingerprint, named.fingerprint}) == 3
    assert load(TokenizerSpec(file)) is usual


def test_what_is_wrong_is_said(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=r"no end-of-text token <none>; name it in end_of_text"):
        load(TokenizerSpec(file, "<none>"))
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(InputError, match=r"broken\.json' cannot be read"):
        load(TokenizerSpec(str(broken)))
    importing = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "tokenizers":
            raise ImportError(name)
        return importing(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'gristmill\[tokenizers\]'"):
        FileTokenizer(file)
