import pytest

from tasks.score.line_statistics import line_statistics
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch, repeats, words


def test_against_plain_python() -> None:
    documents = (*texts(), *HOSTILE)
    found = line_statistics(batch(*documents))
    for i, text in enumerate(documents):
        every = text.split("\n")
        every = every[:-1] if every[-1] == "" else every
        filled = [line for line in every if line.strip()]
        ellipses = sum(line.rstrip().endswith(("...", "…")) for line in every)
        bullets = sum(line.lstrip().startswith(("•", "-")) for line in every)
        short = sum(len(line) <= 30 for line in filled)
        characters = len(text.replace("\n", ""))
        assert found["ellipsis_line_share"][i] == ellipses / max(len(every), 1)
        assert found["bullet_line_share"][i] == bullets / max(len(every), 1)
        assert found["short_line_share"][i] == short / max(len(filled), 1)
        assert found["duplicate_line_characters"][i] == repeats(filled)[1] / max(characters, 1)
        tokens = len(words(text))
        assert found["newline_word_ratio"][i] == (text.count("\n") / tokens if tokens else 0)


def test_a_line_ends_like_a_sentence_only_by_its_last_character() -> None:
    found = line_statistics(batch('One.\nTwo. \n"Three."\n四。\n\n'))
    assert found["terminal_line_share"].tolist() == [0.5]


def test_short_lines_have_at_most_that_many_characters() -> None:
    found = line_statistics(batch("äöü\nabcd"), short_line=3)
    assert found["short_line_share"].tolist() == [pytest.approx(0.5)]
