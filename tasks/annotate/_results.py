"""What came of the questions, as rows of the ledger; and what they would cost, before they are put."""

import logging
import math
from collections.abc import Iterator
from typing import Any

from schemas.errors import RecipeError
from tasks.annotate._answer import Value
from tasks.annotate._answers import Limits, Outcome
from tasks.annotate._labels import Labels, rows_of
from tasks.annotate._pack import Asked, Pack
from tasks.annotate._questions import Estimate, Question, estimate, money

log = logging.getLogger("gristmill.annotate")


def annotator_of(model: str, pack: Pack) -> str:
    """Return by what name a judge's labels go."""
    return f"{model}, {pack.title}"


def previewed(asked: list[Question], pack: Pack, model: str, limits: Limits, sample: int) -> Labels:
    """Return no labels, but what a run would cost at most, by the passages of the preview."""
    expected = estimate(asked, limits.price_in, limits.price_out)
    expected = expected.times(sample / len(asked)) if asked else expected
    _check_budget(expected, limits)
    figures = {
        "calls to expect at most": float(expected.calls),
        "prompt tokens to expect": float(expected.prompt_tokens),
        "completion tokens to expect at most": float(expected.completion_tokens),
    }
    priced = {} if math.isnan(expected.money) else {"cost to expect at most": expected.money}
    return Labels(annotator_of(model, pack), rows_of("labels"), rows_of("judgements"), figures | priced)


def afford(open_: list[Question], pack: Pack, limits: Limits) -> Estimate:
    """Say what the open questions will cost; RecipeError if that is more than may be spent."""
    expected = estimate(open_, limits.price_in, limits.price_out)
    log.info("%s: %s", pack.title, expected)
    _check_budget(expected, limits)
    return expected


def _check_budget(expected: Estimate, limits: Limits) -> None:
    if limits.budget is not None and expected.money > limits.budget:
        raise RecipeError(
            f"the judge may cost {expected.money:.2f} ({expected}), the budget is {limits.budget:g}; "
            "take a smaller `sample`, or a larger `budget`"
        )


def labelled(
    asked: list[Question], found: dict[str, Outcome], pack: Pack, model: str, limits: Limits, drawn: int
) -> Labels:
    """Return the labels and the answers of every question about ``drawn`` documents, in the questions' order."""
    labels = [row for question in asked for row in _labels(question, found[question.request], pack)]
    judgements = [row for question in asked for row in _judgements(question, found[question.request])]
    return Labels(
        annotator_of(model, pack),
        rows_of("labels", labels),
        rows_of("judgements", judgements),
        {"documents drawn": float(drawn), **_figures(asked, found, limits)},
    )


def _labels(question: Question, outcome: Outcome, pack: Pack) -> Iterator[dict[str, Any]]:
    for name, asked in pack.labels.items():
        value = outcome.values[name] if outcome.values is not None else asked.on_failure
        yield {
            "doc_id": question.doc_id,
            "paragraph": question.paragraph,
            "name": name,
            "value": value if isinstance(value, float | int) else None,
            "label": value if isinstance(value, str) else None,
            "status": "ok" if outcome.values is not None else "error",
            "note": _note(outcome, asked, value),
        }


def _note(outcome: Outcome, asked: Asked, value: Value | None) -> str | None:
    if outcome.failure is None:
        return None
    return outcome.failure if asked.on_failure is None else f"taken as {value}: {outcome.failure}"


def _judgements(question: Question, outcome: Outcome) -> Iterator[dict[str, Any]]:
    for attempt, (answer, problem) in enumerate(zip(outcome.answers, outcome.problems, strict=True)):
        yield {
            "doc_id": question.doc_id,
            "paragraph": question.paragraph,
            "attempt": attempt,
            "request": question.request,
            "answer": answer.text,
            "problem": problem,
            "finish_reason": answer.finish_reason,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "seconds": answer.seconds,
        }


def _figures(asked: list[Question], found: dict[str, Outcome], limits: Limits) -> dict[str, float]:
    """Figures that are the same whether the answers were asked for now or kept from before."""
    answers = [answer for outcome in found.values() for answer in outcome.answers]
    prompt, completion = sum(a.prompt_tokens for a in answers), sum(a.completion_tokens for a in answers)
    figures = {
        "asked": len(asked),
        "failed": sum(found[question.request].failure is not None for question in asked),
        "requests": len(found),
        "answers": len(answers),
        "prompt tokens": prompt,
        "completion tokens": completion,
    }
    cost = money(prompt, completion, limits.price_in, limits.price_out)
    return {name: float(value) for name, value in figures.items()} | ({} if math.isnan(cost) else {"cost": cost})
