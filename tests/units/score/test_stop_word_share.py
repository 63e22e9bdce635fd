import pyarrow as pa
import pytest

from tasks.resolve import parse
from tasks.score.stop_word_share import LANGUAGES, stop_word_share
from tasks.text.batch import TextBatch
from tasks.text.stop_words import STOP_WORDS, stop_words
from tests.units.filter.passages import ALICE, GETTYSBURG

# A sentence each that says: "The house in which I live is old, but it is not far from the river, and we have a garden."
SENTENCES = {
    "en": "The house in which I live is old, but it is not far from the river, and we have a garden.",
    "de": "Das Haus, in dem ich wohne, ist alt, aber es ist nicht weit von dem Fluss, und wir haben einen Garten.",
    "fr": "La maison dans laquelle je vis est vieille, mais elle n'est pas loin de la rivière et nous avons un jardin.",
    "es": "La casa en la que vivo es vieja, pero no está lejos del río y tenemos un jardín.",
    "it": "La casa in cui vivo è vecchia, ma non è lontana dal fiume e abbiamo un giardino.",
    "pt": "A casa em que moro é velha, mas não fica longe do rio e nós temos um jardim.",
    "nl": "Het huis waarin ik woon is oud, maar het is niet ver van de rivier en wij hebben een tuin.",
    "sv": "Huset som jag bor i är gammalt, men det är inte långt från floden och vi har en trädgård.",
    "pl": "Dom, w którym mieszkam, jest stary, ale nie jest daleko od rzeki i mamy ogród.",
    "cs": "Dům, ve kterém bydlím, je starý, ale není daleko od řeky a my máme zahradu.",
    "ru": "Дом, в котором я живу, старый, но он не далеко от реки, и у нас есть сад.",
    "el": "Το σπίτι στο οποίο μένω είναι παλιό, αλλά δεν είναι μακριά από το ποτάμι και έχουμε έναν κήπο.",
    "tr": "Yaşadığım ev eski, ama nehirden çok uzak değil ve bir bahçe var.",
    "ar": "البيت الذي أعيش فيه قديم لكن هو غير بعيد عن النهر و هناك حديقة في البيت",
    "hi": "जिस घर में मैं रहता हूँ वह पुराना है पर यह नदी से दूर नहीं है और एक बाग भी है",
    "zh": "我们住的这个房子已经很旧，但是因为没有别的，所以他们可以自己住。",
    "ja": "私が住んでいる家は古いですが、川から遠くないので、その庭もあります。",
}


def shares(texts: list[str], languages: list[str | None]) -> tuple[list[float], list[str]]:
    fields = pa.table({"language": pa.array(languages, pa.string())})
    found = stop_word_share(TextBatch(pa.array(texts, pa.large_string()), fields))
    return found["stop_word_share"].tolist(), found["stop_word_language"].to_pylist()


def test_the_language_with_most_stop_words_is_the_language_of_a_sentence() -> None:
    found, named = shares(list(SENTENCES.values()), [None] * len(SENTENCES))
    assert named == list(SENTENCES)
    assert all(share > (0.08 if name in ("zh", "ja", "tr") else 0.25) for share, name in zip(found, named, strict=True))


def test_a_declared_language_is_believed() -> None:
    found, named = shares([SENTENCES["de"]] * 4, ["de-AT", "EN_us", "xx", ""])
    assert named == ["de", "en", "de", "de"]
    assert found[0] == found[2] == found[3] > found[1]


def test_words_count_in_any_case_and_punctuation_does_not() -> None:
    expected = sum(word in stop_words("en") for word in ["the", "house", "of", "the", "rising", "sun"]) / 6
    assert shares(["THE house: of -- the RISING sun!!!"], ["en"])[0] == [pytest.approx(expected)]


def test_without_words_or_lists_there_is_no_language() -> None:
    assert shares(["", "...", "xq zt", "xq zt"], [None, None, None, "en"]) == ([0, 0, 0, 0], ["und"] * 3 + ["en"])


def test_running_text_has_more_stop_words_than_names() -> None:
    found, _ = shares([ALICE, GETTYSBURG, "Ann Bob Carol Dave Eve Frank"], ["en"] * 3)
    assert min(found[:2]) > 0.3 and found[2] == 0


def test_lists_are_of_distinct_words_in_lower_case() -> None:
    assert len(LANGUAGES) >= 30
    for language, words in STOP_WORDS.items():
        assert len(words.split()) >= 15 and words == words.lower(), language


def test_a_rule_has_thresholds_per_language() -> None:
    recipe = parse(
        """
name: languages
sources: {all: "*.jsonl"}
steps:
  - filter:
      - gopher_quality: {min_stop_words: 0}
      - {rule: "stop_word_share >= 0.2", per: stop_word_language, thresholds: {fi: 0.1, ko: 0.05}}
"""
    )
    (inline,) = recipe.steps[0].rules
    assert inline.per == "stop_word_language" and inline.thresholds == {"fi": 0.1, "ko": 0.05}
