"""From drawn documents to questions: which texts or paragraphs are put to the judge, in which words, at what cost."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from tasks import draw
from tasks.annotate._pack import BYTES_PER_TOKEN, Pack, prompt_of
from tasks.sample import pieces
from tasks.text.batch import TextBatch


class Passage(NamedTuple):
    """A text to judge: a document, or one of its paragraphs."""

    doc_id: int
    paragraph: int | None
    text: str


@dataclass(frozen=True)
class Question:
    """A passage as it is put to the judge; ``request`` names what is asked, of which model, about which content."""

    doc_id: int
    paragraph: int | None
    request: str
    body: dict[str, Any]
    prompt_tokens: int

    @property
    def completion_tokens(self) -> int:
        """How many tokens the answer may have; as many as the prompt has, if nothing was said."""
        limits = (self.body.get(name) for name in ("max_completion_tokens", "max_tokens"))
        return int(next((limit for limit in limits if limit), self.prompt_tokens))


@dataclass(frozen=True)
class Estimate:
    """What questions would cost if each were answered at once, at the longest: calls, tokens, money (NaN: no price)."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    money: float

    def times(self, factor: float) -> "Estimate":
        """The same for more or fewer questions of the kind."""
        calls, prompt, completion = self.calls * factor, self.prompt_tokens * factor, self.completion_tokens * factor
        return Estimate(round(calls), round(prompt), round(completion), self.money * factor)

    def __str__(self) -> str:
        money = "" if np.isnan(self.money) else f", {self.money:.2f} in money"
        tokens = f"{self.prompt_tokens} tokens of prompts and at most {self.completion_tokens} of answers"
        return f"{self.calls} calls, about {tokens}{money}"


def documents(texts: pa.Table) -> list[Passage]:
    """Return every document as one passage."""
    return [Passage(*row) for row in _rows(texts["doc_id"].to_pylist(), texts["text"].to_pylist())]


def _rows(doc_ids: list[int], texts: list[str]) -> Iterator[tuple[int, None, str]]:
    return ((doc_id, None, text) for doc_id, text in zip(doc_ids, texts, strict=True))


def paragraphs(texts: pa.Table, number: int, min_tokens: int, seed: int) -> list[Passage]:
    """Return up to ``number`` paragraphs of each document, drawn among those of about ``min_tokens`` and more."""
    return [passage for piece in pieces(texts) for passage in _paragraphs(piece, number, min_tokens, seed)]


def _paragraphs(piece: pa.Table, number: int, min_tokens: int, seed: int) -> Iterator[Passage]:
    batch = TextBatch(piece["text"].combine_chunks())
    found, doc_ids = batch.paragraphs, piece["doc_id"].to_numpy()
    counts = np.diff(found.offsets)
    document = np.repeat(np.arange(len(doc_ids)), counts)
    ordinal = np.arange(len(found)) - np.repeat(found.offsets[:-1], counts)
    chance = draw.uniform(draw.noise(doc_ids[document], seed) + ordinal.astype(np.uint64), seed)
    fit = np.flatnonzero(found.stops - found.starts >= min_tokens * BYTES_PER_TOKEN)
    fit = fit[np.lexsort((chance[fit], document[fit]))]
    firsts = np.searchsorted(document[fit], document[fit])
    taken = np.sort(fit[np.arange(len(fit)) - firsts < number])
    for at in taken.tolist():
        text = bytes(batch.data[found.starts[at] : found.stops[at]]).decode()
        yield Passage(int(doc_ids[document[at]]), int(ordinal[at]), text)


def questions(passages: list[Passage], pack: Pack, model: str, request: dict[str, Any]) -> list[Question]:
    """Return the passages as requests to ``model``; ``request`` adds to each, or takes out what it sets to null."""
    return [_question(passage, pack, model, request) for passage in passages]


def _question(passage: Passage, pack: Pack, model: str, request: dict[str, Any]) -> Question:
    prompt = prompt_of(pack, passage.text)
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        "temperature": 0,
        "max_tokens": pack.max_tokens,
        "seed": 0,
        **request,
    }
    body = {name: value for name, value in body.items() if value is not None}
    content = hashlib.blake2b(passage.text.encode(), digest_size=16).hexdigest()
    digest = hashlib.blake2b(orjson.dumps([pack.title, content, body], option=orjson.OPT_SORT_KEYS), digest_size=16)
    return Question(passage.doc_id, passage.paragraph, digest.hexdigest(), body, prompt.tokens)


def estimate(asked: list[Question], price_in: float | None, price_out: float | None) -> Estimate:
    """Return what it would cost to put these questions; prices are per million tokens."""
    distinct = {question.request: question for question in asked}.values()
    prompt, completion = sum(q.prompt_tokens for q in distinct), sum(q.completion_tokens for q in distinct)
    return Estimate(len(distinct), prompt, completion, money(prompt, completion, price_in, price_out))


def money(prompt_tokens: int, completion_tokens: int, price_in: float | None, price_out: float | None) -> float:
    """Return what tokens cost at prices per million, NaN without prices."""
    if price_in is None or price_out is None:
        return float("nan")
    return (prompt_tokens * price_in + completion_tokens * price_out) / 1e6
