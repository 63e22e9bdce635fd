import pytest

from tasks.score.word_statistics import STOP_WORDS, word_statistics
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch, words


def test_against_plain_python() -> None:
    documents = (*texts(60), *HOSTILE)
    found = word_statistics(batch(*documents))
    for i, text in enumerate(documents):
        tokens = words(text)
        total = max(len(tokens), 1)
        assert found["stop_words"][i] == len(set(STOP_WORDS) & set(tokens))
        assert found["alpha_word_share"][i] == sum(any(map(str.isalpha, token)) for token in tokens) / total
        assert found["hash_word_ratio"][i] == (text.count("#") / total if tokens else 0)
        assert found["ellipsis_word_ratio"][i] == ((text.count("...") + text.count("…")) / total if tokens else 0)


def test_symbols_are_no_content_words() -> None:
    found = word_statistics(batch("one, two -- three!", "... ??", "The THE the"))
    assert found["content_words"].tolist() == [3, 0, 3]
    assert found["mean_word_length"].tolist() == [pytest.approx(11 / 3), 0, 3]
    assert found["stop_words"].tolist() == [0, 0, 1]
