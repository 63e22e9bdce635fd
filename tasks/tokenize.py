"""Texts to token ids, and how many there are: UTF-8 bytes by default, or a tokenizer file named in the recipe."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numba import njit

from schemas.errors import InputError, MissingExtraError, RecipeError

ENDS_OF_TEXT = ("<|endoftext|>", "</s>", "<eos>", "[SEP]")
PIECE = 1 << 20  # characters encoded at once: what bounds the memory of a tokenizer file


@dataclass(frozen=True)
class TokenizerSpec:
    """Which tokenizer: none named means UTF-8 bytes; ``end_of_text`` is the token that closes a document."""

    file: str | None = None
    end_of_text: str | None = None


BYTES = TokenizerSpec()


class Tokenizer(Protocol):
    """Turns texts into ids; every document ends with one end-of-text token."""

    fingerprint: str
    """Names what the ids depend on: the same fingerprint, the same ids."""
    vocabulary: int
    """Every id is below this number."""

    def lengths(self, texts: pa.Array) -> np.ndarray:
        """Return the tokens of each text as int64, end-of-text included."""
        ...

    def encode(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return all ids (uint16 where the vocabulary allows, else uint32) and int64 offsets: text i is
        ``ids[offsets[i]:offsets[i + 1]]``, its end-of-text included."""
        ...


def load(spec: TokenizerSpec = BYTES) -> Tokenizer:
    """Return the tokenizer, loaded once per process.

    Raises RecipeError when the end-of-text token does not exist, InputError when the file cannot be read,
    MissingExtraError when the library is not installed.

    >>> ids, offsets = load().encode(pa.array(["é", ""]))
    >>> ids.tolist(), offsets.tolist()
    ([195, 169, 256, 256], [0, 3, 4])
    """
    return _load(spec)


def plain(tokenizer: Tokenizer, texts: list[str]) -> list[np.ndarray]:
    """Return the ids of each text as int32, without an end-of-text token.

    >>> [ids.tolist() for ids in plain(load(), ["ab", ""])]
    [[97, 98], []]
    """
    ids, offsets = tokenizer.encode(pa.array(texts, pa.large_string()))
    return [ids[a : b - 1].astype(np.int32) for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]


@cache
def _load(spec: TokenizerSpec) -> Tokenizer:
    return ByteTokenizer() if spec.file is None else FileTokenizer(spec.file, spec.end_of_text)


class ByteTokenizer:
    """A document's tokens are its UTF-8 bytes, 0 to 255, and the end-of-text token 256."""

    fingerprint = "bytes"
    vocabulary = 257

    def lengths(self, texts: pa.Array) -> np.ndarray:
        """Return the bytes of each text, plus one."""
        return np.diff(_buffers(texts)[1]) + 1

    def encode(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the bytes of the texts as uint16, each text followed by 256, and where each begins."""
        data, starts = _buffers(texts)
        offsets = starts - starts[0] + np.arange(len(starts))
        return _bytes_and_ends(data, starts, 256), offsets


class FileTokenizer:
    """A tokenizer of the ``tokenizers`` library, read from its JSON file.

    Text is text: a special token spelled out in a document is encoded like other words, never as the control token, so
    that no document can end itself. Truncation and padding that the file asks for are switched off. Texts longer than
    1,048,576 characters are encoded in pieces that begin at a line break where there is one.
    """

    def __init__(self, file: str, end_of_text: str | None = None) -> None:
        self._tokenizer = _from_file(file)
        ids: dict[str, int] = self._tokenizer.get_vocab(with_added_tokens=True)
        self._end = ids[_end_of_text(file, ids, end_of_text)]
        self.vocabulary = max(ids.values()) + 1
        self.fingerprint = sha256(Path(file).read_bytes() + b"\0" + str(self._end).encode()).hexdigest()
        self._type = np.uint16 if self.vocabulary <= 1 << 16 else np.uint32

    def lengths(self, texts: pa.Array) -> np.ndarray:
        """Return the tokens of each text as int64, end-of-text included."""
        lengths = np.ones(len(texts), np.int64)
        for document, ids in self._encoded(texts):
            lengths[document] += len(ids)
        return lengths

    def encode(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of the texts, each text followed by end-of-text, and where each begins."""
        parts: list[list[np.ndarray]] = [[] for _ in range(len(texts))]
        for document, ids in self._encoded(texts):
            parts[document].append(np.array(ids, self._type))
        end = np.array([self._end], self._type)
        documents = [np.concatenate([*part, end]) for part in parts]
        offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in documents], dtype=np.int64)])
        return np.concatenate([np.empty(0, self._type), *documents]), offsets.astype(np.int64)

    def _encoded(self, texts: pa.Array) -> Iterator[tuple[int, list[int]]]:
        """Yield (document, ids of one of its pieces) in order, encoding about ``PIECE`` characters at a time."""
        waiting: list[tuple[int, str]] = []
        size = 0
        for document, text in enumerate(texts):
            for piece in _pieces(text.as_py()):
                if waiting and size + len(piece) > PIECE:
                    yield from self._flush(waiting)
                    waiting, size = [], 0
                waiting.append((document, piece))
                size += len(piece)
        yield from self._flush(waiting)

    def _flush(self, waiting: list[tuple[int, str]]) -> Iterator[tuple[int, list[int]]]:
        found = self._tokenizer.encode_batch_fast([piece for _, piece in waiting], add_special_tokens=False)
        for (document, _), encoding in zip(waiting, found, strict=True):
            yield document, encoding.ids


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into pieces of at most ``PIECE`` characters, before the last line break, else the last space."""
    start = 0
    while len(text) - start > PIECE:
        stop = start + PIECE
        cut = max(text.rfind("\n", start + 1, stop), start)
        cut = cut if cut > start else max(text.rfind(" ", start + 1, stop), start)
        cut = cut if cut > start else stop
        yield text[start:cut]
        start = cut
    yield text[start:]


def _from_file(file: str) -> Any:
    try:
        from tokenizers import Tokenizer as Library
    except ImportError as error:
        raise MissingExtraError(
            f"tokenizer file '{file}' needs an extra: pip install 'gristmill[tokenizers]'"
        ) from error
    try:
        tokenizer = Library.from_file(file)
    except Exception as error:  # the library raises bare Exception
        raise InputError(f"tokenizer file '{file}' cannot be read: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def _end_of_text(file: str, ids: dict[str, int], wanted: str | None) -> str:
    """Return the token that ends a document: the one wanted, else the first usual one that exists."""
    known = (wanted,) if wanted else ENDS_OF_TEXT
    for token in known:
        if token in ids:
            return token
    raise RecipeError(f"tokenizer file '{file}' has no end-of-text token {' or '.join(known)}; name it in end_of_text")


def _buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the UTF-8 bytes of an Arrow string array and its n + 1 offsets into them, without a copy of the text."""
    wide = pa.types.is_large_string(texts.type)
    _, offsets, data = texts.buffers()
    if offsets is None or not len(texts):
        return np.empty(0, np.uint8), np.zeros(len(texts) + 1, np.int64)
    starts = np.frombuffer(offsets, np.int64 if wide else np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), starts.astype(np.int64)


@njit(nogil=True, cache=True)
def _bytes_and_ends(data: np.ndarray, starts: np.ndarray, end: int) -> np.ndarray:
    """Copy each text's bytes into 16-bit ids with ``end`` after it."""
    texts = len(starts) - 1
    ids = np.empty(starts[texts] - starts[0] + texts, np.uint16)
    at = 0
    for i in range(texts):
        for j in range(starts[i], starts[i + 1]):
            ids[at] = data[j]
            at += 1
        ids[at] = end
        at += 1
    return ids
