"""A language model as annotator: any endpoint that speaks the OpenAI chat protocol, asked about a sample.

Peers send text to a model and take what comes back. Here an answer is read strictly and asked for again when it cannot
be; every answer is kept where the next run finds it; what it will cost is known before it is spent; the text is fenced
off as data; and too many failures stop the run. Cost: one call per document or paragraph, bound by the network.
"""

from typing import Any, Literal

from schemas.errors import RecipeError
from schemas.recipe import Above0, Count, FilePath, From0, Share, Whole
from tasks.annotate._answers import Limits, outcomes, unanswered
from tasks.annotate._ask import Manners, check_endpoint
from tasks.annotate._kept import Kept, file_of
from tasks.annotate._labels import Given, Labels
from tasks.annotate._pack import load
from tasks.annotate._questions import documents, paragraphs, questions
from tasks.annotate._results import afford, labelled, previewed
from tasks.annotate._strata import Allocation, sampled


def read_files(*, prompt: str, pack: FilePath) -> None:
    """Raise InputError if a file cannot be read."""
    load(prompt, pack)


def judge(
    given: Given,
    *,
    endpoint: str,
    model: str,
    prompt: str = "educational_quality",
    pack: FilePath | None = None,
    unit: Literal["document", "paragraph"] = "document",
    sample: Count = 5000,
    allocation: Allocation = "proportional",
    score: str | None = None,
    paragraphs_each: Count = 1,
    min_tokens: Whole = 64,
    key_from: str | None = None,
    request: dict[str, Any] | None = None,
    concurrency: Count = 8,
    requests_per_minute: Above0 | None = None,
    tokens_per_minute: Above0 | None = None,
    timeout: Above0 = 120.0,
    waits: tuple[From0, ...] = (1.0, 2.0, 4.0),
    patience: From0 = 600.0,
    tries: Count = 3,
    errors: Share = 0.02,
    price_in: From0 | None = None,
    price_out: From0 | None = None,
    budget: From0 | None = None,
    seed: int,
) -> Labels:
    """A language model asked about a sample of the documents, or of their paragraphs.

    The sample is drawn by source and decile of length (and of ``score``). ``prompt`` is one of dataman,
    educational_quality, textbook_likeness, biomedical, review; ``pack`` is a YAML file of one's own. Of paragraphs,
    ``paragraphs_each`` of every drawn document with ``min_tokens`` (of 4 bytes) or more are asked about. The key comes
    from the environment variable ``key_from``. ``request`` adds to what is sent, or takes out what it sets to null.
    ``waits`` are seconds before a failed request is sent again, ``patience`` how long the endpoint may make a request
    wait, ``tries`` how many answers to the same prompt are read. Prices are per million tokens, ``budget`` in the same
    money. Raises ToleranceError when a larger share than ``errors`` fails, RecipeError when the budget does not do.

    Source: sampling, reading and repeating as in DataMan (arXiv:2502.19363) and Biomed-Enriched (arXiv:2506.20331).
    """
    asks = load(prompt, pack)
    each = 1 if unit == "document" else paragraphs_each
    drawn = sampled(given.documents, -(-sample // each), seed, score=score, allocation=allocation)
    texts = given.texts(drawn)
    passages = documents(texts) if unit == "document" else paragraphs(texts, each, min_tokens, seed)
    asked = questions(passages[:sample], asks, model, request or {})
    limits = Limits(concurrency, tries, errors, price_in, price_out, budget)
    manners = Manners(endpoint, key_from, timeout, tuple(waits), patience, requests_per_minute, tokens_per_minute)
    if given.preview:
        return previewed(asked, asks, model, limits, sample)
    with Kept(file_of(given.answers, model, asks)) as kept:
        afford(unanswered(asked, asks, limits, kept), asks, limits)
        found = outcomes(asked, asks, manners, limits, kept)
    return labelled(asked, found, asks, model, limits, len(drawn))


def check(
    *,
    endpoint: str,
    model: str,
    prompt: str,
    pack: str | None,
    key_from: str | None,
    price_in: float | None,
    price_out: float | None,
    budget: float | None,
) -> None:
    """Refuse settings that cannot work, before any document is read; RecipeError says which."""
    check_endpoint(endpoint, key_from)
    if pack is None:
        load(prompt)
    if not model:
        raise RecipeError("model is the name by which the endpoint knows the model, got ''")
    if (price_in is None) != (price_out is None) or (budget is not None and price_in is None):
        raise RecipeError("price_in and price_out go together, and a budget needs both")
