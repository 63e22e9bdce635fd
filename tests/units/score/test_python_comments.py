"""Comment shares against the published count, made here by the standard library's tokenizer itself."""

import io
import tokenize

import pyarrow as pa
import pytest

from tasks.score._tokens import tokens
from tasks.score.python_comments import python_comments
from tasks.text.batch import TextBatch
from tests.data import texts

CODE = '''"""One."""
def f():
    """Two."""
    return "three"  # four
'''


def score(text: str, **settings: str) -> dict[str, float | None]:
    found = python_comments(TextBatch(pa.array([text])), **settings)  # type: ignore[arg-type]
    return {name: column[0].as_py() for name, column in found.items()}


def published(text: str) -> float:
    """Comment tokens over all tokens, 0 when the tokenizer fails."""
    try:
        kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    except (tokenize.TokenError, IndentationError):
        return 0.0
    return kinds.count(tokenize.COMMENT) / len(kinds)


def test_comment_share_is_the_published_one() -> None:
    plain = [text for text in texts(60) if not any(f"{start}{quote}" in text for start in "fF" for quote in "\"'")]
    assert len(plain) > 10
    for text in plain:
        assert tokens(text).comment_share == published(text)


def test_a_formatted_string_is_one_token_in_every_version() -> None:
    assert tokens("x = f'{a} and {b:>{c}}'").count == tokens("x = 'a'").count
    assert "".join(tokens("x = f'é {a}'").strings).count("é") == 1


def test_docstrings_are_counted_in_characters() -> None:
    assert score(CODE)["docstring_share"] == pytest.approx(len("One.Two.") / len(CODE))
    assert score("x = '''no docstring'''")["docstring_share"] == 0


def test_scripts_of_comments_and_strings() -> None:
    assert score("é = 1  # plain")["foreign_comment_share"] == 0
    assert score("x = 1  # 漢é")["foreign_comment_share"] == pytest.approx(2 / 4)
    assert score("x = 1  # 漢é", scripts="japanese")["foreign_comment_share"] == pytest.approx(1 / 4)
    assert score("x = '''a\n\tb'''")["foreign_comment_share"] == 0


def test_what_does_not_parse_has_no_shares() -> None:
    assert set(score("A text of words. # and a sign").values()) == {None}
    assert score("")["comment_token_share"] == 0
