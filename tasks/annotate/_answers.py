"""Questions put to the judge, several at a time, until each has an answer that can be read or has failed."""

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from schemas.errors import RecipeError, ToleranceError
from tasks.annotate._answer import AnswerError, Value, read_answer
from tasks.annotate._ask import AskError, Endpoint, Manners
from tasks.annotate._kept import Answer, Kept
from tasks.annotate._pack import Pack
from tasks.annotate._questions import Question, money

SHOWN = 5


@dataclass(frozen=True)
class Limits:
    """How much is asked at once, how often, how many failures are borne, and what may be spent."""

    concurrency: int
    tries: int
    errors: float
    price_in: float | None = None
    price_out: float | None = None
    budget: float | None = None


@dataclass
class Outcome:
    """The answers to one request, what was wrong with each, and the values of the last if it could be read."""

    answers: list[Answer] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)
    values: dict[str, Value] | None = None
    failure: str | None = None


def outcomes(asked: list[Question], pack: Pack, manners: Manners, limits: Limits, kept: Kept) -> dict[str, Outcome]:
    """Return what came of every request, asking only for answers that are not kept.

    Raises ToleranceError when more questions failed than may, and RecipeError when more was spent than may be.
    """
    settled, open_ = _from_kept(asked, pack, limits, kept)
    books = _Books(asked, limits)
    for request, outcome in settled.items():
        books.enter(request, outcome, 0)
    if open_:
        settled |= _asked(open_, pack, manners, limits, kept, books)
    return settled


def unanswered(asked: list[Question], pack: Pack, limits: Limits, kept: Kept) -> list[Question]:
    """Return the questions that no kept answer settles, each once."""
    return _from_kept(asked, pack, limits, kept)[1]


def _from_kept(
    asked: list[Question], pack: Pack, limits: Limits, kept: Kept
) -> tuple[dict[str, Outcome], list[Question]]:
    settled: dict[str, Outcome] = {}
    open_: dict[str, Question] = {}
    for question in asked:
        if question.request not in settled and question.request not in open_:
            outcome = _read(kept.of(question.request), pack, limits.tries)
            if outcome.values is None and outcome.failure is None:
                open_[question.request] = question
            else:
                settled[question.request] = outcome
    return settled, list(open_.values())


def _read(answers: list[Answer], pack: Pack, tries: int) -> Outcome:
    """What the answers so far come to; neither values nor a failure if another try is due."""
    outcome = Outcome()
    for answer in answers[:tries]:
        outcome.answers.append(answer)
        try:
            outcome.values = read_answer(pack, answer.text, answer.finish_reason)
        except AnswerError as error:
            outcome.problems.append(str(error))
            continue
        outcome.problems.append(None)
        return outcome
    if len(outcome.answers) >= tries:
        outcome.failure = f"no usable answer in {tries} tries: {outcome.problems[-1]}"
    return outcome


def _asked(
    open_: list[Question], pack: Pack, manners: Manners, limits: Limits, kept: Kept, books: "_Books"
) -> dict[str, Outcome]:
    stop = Event()
    found: dict[str, Outcome] = {}
    todo = iter(open_)
    with Endpoint(manners, limits.concurrency, stop) as endpoint, ThreadPoolExecutor(limits.concurrency) as pool:
        running: dict[Future[Outcome], str] = {}
        before = {question.request: len(kept.of(question.request)) for question in open_}

        def fill() -> None:
            while len(running) < limits.concurrency and (question := next(todo, None)) is not None:
                running[pool.submit(_settle, question, pack, limits, endpoint, kept)] = question.request

        try:
            fill()
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    request = running.pop(future)
                    found[request] = future.result()
                    books.enter(request, found[request], len(found[request].answers) - before[request])
                fill()
        except BaseException:
            stop.set()
            raise
    return found


def _settle(question: Question, pack: Pack, limits: Limits, endpoint: Endpoint, kept: Kept) -> Outcome:
    """Ask until an answer can be read or the tries are used up; every try has the same prompt and a seed of its own."""
    seed = question.body.get("seed")
    while True:
        outcome = _read(kept.of(question.request), pack, limits.tries)
        if outcome.values is not None or outcome.failure is not None:
            return outcome
        again = {"seed": seed + len(outcome.answers)} if isinstance(seed, int) else {}
        try:
            answer = endpoint.ask({**question.body, **again}, question.prompt_tokens + question.completion_tokens)
        except AskError as error:
            outcome.failure = f"no answer: {error}"
            return outcome
        kept.add(question.request, answer)


class _Books:
    """Counts failures and money while the answers come in, and stops when there is too much of either."""

    def __init__(self, asked: list[Question], limits: Limits) -> None:
        self._limits = limits
        self._asked = asked
        self._times = Counter(question.request for question in asked)
        self._failed: dict[str, str] = {}
        self._spent = 0.0

    def enter(self, request: str, outcome: Outcome, paid: int) -> None:
        """Take an outcome in, of which ``paid`` answers were asked for now."""
        limits = self._limits
        for answer in outcome.answers[len(outcome.answers) - paid :]:
            self._spent += money(answer.prompt_tokens, answer.completion_tokens, limits.price_in, limits.price_out)
        if outcome.failure:
            self._failed[request] = outcome.failure
            failed = sum(self._times[each] for each in self._failed)
            if failed > limits.errors * len(self._asked):
                raise ToleranceError(self._named(failed))
        if limits.budget is not None and self._spent > limits.budget:
            raise RecipeError(
                f"{self._spent:.2f} was spent on answers, the budget is {limits.budget:g}; they are kept, and a run "
                "with a larger budget goes on from there"
            )

    def _named(self, failed: int) -> str:
        lost = [question for question in self._asked if question.request in self._failed]
        lines = [f"  {_name(question)}: {self._failed[question.request]}" for question in lost[:SHOWN]]
        more = [f"  and {len(lost) - SHOWN} more"] if len(lost) > SHOWN else []
        head = (
            f"{failed} of {len(self._asked)} questions to the judge failed, more than `errors: {self._limits.errors:g}`"
        )
        return "\n".join([f"{head} allows; nothing was published", *lines, *more])


def _name(question: Question) -> str:
    where = "" if question.paragraph is None else f", paragraph {question.paragraph}"
    return f"document {question.doc_id}{where}"
