"""Answers: read when they are whole, refused with a reason when they are anything less."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.annotate._answer import AnswerError, read_answer
from tasks.annotate._pack import load

DATAMAN, POINTS, BIOMEDICAL, REVIEW = (load(n) for n in ("dataman", "educational_quality", "biomedical", "review"))
SCORES = [name for name, asked in DATAMAN.labels.items() if not asked.choices]


def dataman(scores: list[object] | None = None, field: str = "Field: Law", *, style: str = "{ask}: {score}/5") -> str:
    """An answer to the pack ``dataman``."""
    given = scores or [4] * 14
    lines = [style.format(ask=DATAMAN.labels[n].ask, score=s) for n, s in zip(SCORES, given, strict=True)]
    return "\n".join([*lines, *([field] if field else [])])


def problem(pack, text: str, finish_reason: str | None = "stop") -> str:
    with pytest.raises(AnswerError) as found:
        read_answer(pack, text, finish_reason)
    return str(found.value)


def test_dataman_has_14_criteria_and_15_domains() -> None:
    assert len(SCORES) == 14 and SCORES[-1] == "overall"
    assert len(DATAMAN.labels["application_domain"].choices) == 15
    assert {(DATAMAN.labels[n].least, DATAMAN.labels[n].most) for n in SCORES} == {(1, 5)}


def test_a_whole_answer_is_read() -> None:
    found = read_answer(DATAMAN, dataman([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4]))
    assert [found[name] for name in SCORES] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4]
    assert found["application_domain"] == "Law"


@pytest.mark.parametrize(
    "style",
    [
        "{ask}: {score}",
        "**{ask}:** {score}/5",
        "- {ask} : {score} / 5",
        "3. {ask}: {score}/5 (as good as most)",
        "[7] *{ask}*: **{score}**/5",
        "{ask} = {score}",
        "_{ask}_: _{score}_",
        "| > {ask}: {score}/5".removeprefix("| "),
    ],
)
def test_the_dress_of_a_line_does_not_matter(style: str) -> None:
    assert read_answer(DATAMAN, "Here you are.\n\n" + dataman(style=style))["overall"] == 4


@pytest.mark.parametrize(("said", "read"), [("2.5", 2), ("3.5", 4), ("3.0", 3), ("4.01", 5), ("1.9", 1), ("2.99", 2)])
def test_fractions_go_away_from_the_middle(said: str, read: int) -> None:
    assert read_answer(DATAMAN, dataman([said] * 14))["creativity"] == read


def test_fractions_are_refused_where_no_rounding_is_agreed() -> None:
    assert problem(POINTS, "Points: 2.5/5") == "Points is 2.5, not a whole number"


def test_28_scores_are_accepted_if_both_halves_say_the_same() -> None:
    scores = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4]
    once = dataman(scores)
    assert read_answer(DATAMAN, f"{once}\n\n{once}") == read_answer(DATAMAN, once)
    other = dataman([*scores[:-1], 5])
    assert problem(DATAMAN, f"{once}\n{other}") == "28 numbers where 14 were asked for"
    assert problem(DATAMAN, f"{once}\nOverall: 4/5") == "15 numbers where 14 were asked for"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (dataman(["N/A", *[4] * 13]), "Textual accuracy is not given ('N/A/5')"),
        (dataman(["n/a", *[4] * 13], style="{ask}: {score}"), "Textual accuracy is not given ('n/a')"),
        (dataman(["_", *[4] * 13]), "Textual accuracy is not given ('_/5')"),
        (dataman(["", *[4] * 13], style="{ask}: {score}"), "Textual accuracy is not given ('')"),
        (dataman(["four", *[4] * 13]), "Textual accuracy is 'four/5', not a number"),
        (dataman(["3-4", *[4] * 13], style="{ask}: {score}"), "Textual accuracy is '3-4', not a number"),
        (dataman(["3 to 4", *[4] * 13], style="{ask}: {score}"), "Textual accuracy is '3 to 4', not a number"),
        (dataman([6, *[4] * 13]), "Textual accuracy is 6, not from 1 to 5"),
        (dataman([0, *[4] * 13]), "Textual accuracy is 0, not from 1 to 5"),
        (dataman([45, *[4] * 13]), "Textual accuracy is 45, not from 1 to 5"),
        (dataman([-3, *[4] * 13]), "Textual accuracy is -3, not from 1 to 5"),
        (dataman(style="{ask}: {score}/10"), "Textual accuracy is out of 10, 5 was asked for"),
        (dataman().replace("Creativity: 4/5\n", ""), "no Creativity"),
        (dataman(field=""), "no Field"),
        (dataman(field="Field: N/A"), "Field is not given ('N/A')"),
        (dataman(field="Field: Astrology"), "Field is 'Astrology', not one of Medicine,"),
        (dataman(field="Field: Law and Finance"), "Field has 2 answers: Finance, Law"),
        (dataman(field="Field: Law\nField: Finance"), "Field has 2 answers: Finance, Law"),
        ("I cannot rate this document.", "no Textual accuracy, Semantic coherence"),
        ("", "the answer is empty (finish reason stop)"),
    ],
)
def test_anything_less_is_refused(answer: str, reason: str) -> None:
    assert problem(DATAMAN, answer).startswith(reason)


def test_a_domain_named_twice_is_one_domain() -> None:
    assert read_answer(DATAMAN, dataman(field="Field: [Law]\nField: law"))["application_domain"] == "Law"
    assert read_answer(DATAMAN, dataman(field="Field: Retail E-commerce"))["application_domain"] == "Retail E-commerce"


def test_a_cut_answer_is_refused_even_if_it_can_be_read() -> None:
    assert "cut off" in problem(DATAMAN, dataman(), "length")


def test_json_is_read_strictly() -> None:
    good = {"type": "study", "field": "clinical", "educational_quality": 4}
    assert read_answer(BIOMEDICAL, json.dumps(good)) == good
    assert read_answer(BIOMEDICAL, f"```json\n{json.dumps(good)}\n```") == good
    assert read_answer(BIOMEDICAL, json.dumps({**good, "reason": "it says so"})) == good
    twice = '{"type": "study", "type": "review", "field": "other", "educational_quality": 3}'
    assert "given twice" in problem(BIOMEDICAL, twice)
    for name, value, reason in [
        ("type", "poem", "type is 'poem', not one of clinical case, study, review, other"),
        ("type", 3, "type is 3, not one of"),
        ("educational_quality", "4", "educational_quality is '4', not a number"),
        ("educational_quality", True, "educational_quality is True, not a number"),
        ("educational_quality", None, "educational_quality is None, not a number"),
        ("educational_quality", 6, "educational_quality is 6, not from 1 to 5"),
        ("educational_quality", [4], "educational_quality is [4], not a number"),
    ]:
        assert problem(BIOMEDICAL, json.dumps({**good, name: value})).startswith(reason)
    assert problem(BIOMEDICAL, '{"type": "study"}') == "no field, educational_quality"
    assert problem(BIOMEDICAL, "[1]").startswith("not a JSON object")
    assert problem(BIOMEDICAL, f"Sure! {json.dumps(good)}").startswith("not JSON")
    nan = json.dumps(good).replace("4", "NaN")
    assert problem(BIOMEDICAL, nan) == "NaN is no number"


@pytest.mark.parametrize("answer", ["1", " 0\n", "1.", "**1**"])
def test_a_verdict_is_one_digit(answer: str) -> None:
    assert read_answer(REVIEW, answer)["verdict"] == float(re.sub(r"\D", "", answer))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("2", "2, not from 0 to 1"),
        ("10", "10, not from 0 to 1"),
        ("0.5", "0.5, not a whole number"),
        ("yes", "'yes', not a number"),
        ("1 because", "'1 because', not a number"),
        ("0 or 1", "'0 or 1', not a number"),
        ("The verdict is 1", "'The verdict is 1', not a number"),
    ],
)
def test_a_verdict_is_nothing_else(answer: str, reason: str) -> None:
    assert problem(REVIEW, answer) == f"verdict is {reason}"


@given(st.text(max_size=300), st.sampled_from([DATAMAN, POINTS, BIOMEDICAL, REVIEW]))
def test_no_answer_breaks_the_reader(text: str, pack) -> None:
    try:
        found = read_answer(pack, text)
    except AnswerError as error:
        assert str(error)
    else:
        assert list(found) and set(found) == set(pack.labels)


@given(st.lists(st.integers(1, 5), min_size=14, max_size=14), st.randoms(), st.booleans())
def test_what_was_written_is_read_in_any_order_of_lines(scores: list[int], random, blank: bool) -> None:
    lines = dataman(scores).splitlines()
    random.shuffle(lines)
    found = read_answer(DATAMAN, ("\n\n" if blank else "\n").join(lines))
    assert [found[name] for name in SCORES] == scores


def test_what_is_thought_aloud_is_no_answer() -> None:
    assert read_answer(POINTS, "<think>\nPoints: 1/5? No.\n</think>\n\nPoints: 4/5")["educational_quality"] == 4
    assert problem(POINTS, "<think>Points: 1/5</think>") == "the answer is empty (finish reason stop)"
