"""Paragraphs that a student finds poor are cut, and the rest of their document stays.

Published corpora that label paragraphs keep whole documents by what their paragraphs add up to, or drop the paragraphs
that fail. The second is this editor: the student learns from labelled paragraphs at a score step before, and says of
each paragraph what a rule then asks of it. Costs what the student costs, and once more the cutting.
"""

from typing import Any

from numpy.typing import NDArray

from schemas.errors import RecipeError
from schemas.recipe import Whole, inline_rule
from schemas.rule import Rule
from tasks.score._predict import failing_paragraphs
from tasks.text.batch import TextBatch
from tasks.text.spans import Spans

FITTED_BY = "student"  # the scorer whose learning this editor applies
FITTED_WITH = {"unit": "paragraph"}  # how it must have learnt
LEAST_WORDS = 64


def check(*, rule: str) -> None:
    """Raise RecipeError unless the rule compares with a fixed threshold."""
    _rule(rule)


def _rule(text: str) -> Rule:
    found = inline_rule(text)
    if found.quantile is not None:
        raise RecipeError(f"rule {text!r} needs a threshold: quantiles are of documents, not of paragraphs")
    return found.rule


def student_paragraphs(
    batch: TextBatch, *, fitted: dict[str, NDArray[Any]], rule: str, least_words: Whole = LEAST_WORDS
) -> Spans:
    """Cut the paragraphs of which a student says what ``rule`` does not keep, with what separates them.

    ``rule`` compares a head of the student: ``educational_quality >= 3``, ``type != other``. Paragraphs of fewer than
    ``least_words`` words stay, since the student has nothing to say of them. It needs a score step before this one at
    which `student` learns with ``unit: paragraph``, and like a filter it is refused where the student agrees too little
    with labels that were held out. Like every editor it sees the text as it was read.

    Source: Touchent et al. 2025, arXiv:2506.20331 (labels of paragraphs, filtered by quality, type and domain).
    """
    return failing_paragraphs(batch, fitted, _rule(rule), least_words=least_words)
