import math
from pathlib import Path

import pytest

from schemas.errors import InputError
from tasks.score._lexicon import lexicon, write_terms
from tasks.score.term_hits import term_hits
from tests.units.text.oracles import batch

TARGET = ["The spore count of anthrax.", "Anthrax SPORE counts, weaponized anthrax spores."] * 3
BACKGROUND = ["The count of the sheep.", "A spore of a fern and the count of ferns."] * 20


def test_counts_ratio_and_odds_are_those_of_the_definition() -> None:
    found = {row["term"]: row for row in lexicon(TARGET, BACKGROUND, fewest=1, pos_ratio=0.0, log_odds=-99).to_pylist()}
    assert (found["spore"]["target"], found["spore"]["background"]) == (6, 20)
    assert found["spore"]["pos_ratio"] == pytest.approx(6 / 26)
    words, others = 3 * (5 + 6), 20 * (5 + 10)
    assert found["spore"]["log_odds"] == pytest.approx(math.log(6.5 / (words + 1)) - math.log(20.5 / (others + 1)))
    assert found["anthrax spore counts"]["target"] == 3 and "counts weaponized" not in found


def test_terms_are_those_of_target_texts_and_find_them_again(tmp_path: Path) -> None:
    found = lexicon(TARGET, BACKGROUND)
    terms = found["term"].to_pylist()
    assert terms[0] == "anthrax" and "the" not in terms and "count" not in terms and "spore" not in terms
    assert found["log_odds"].to_pylist() == sorted(found["log_odds"].to_pylist(), reverse=True)
    assert min(found["pos_ratio"].to_pylist()) > 0.4
    write_terms(found, tmp_path / "terms.txt")
    hits = term_hits(batch(TARGET[0], BACKGROUND[0]), terms=str(tmp_path / "terms.txt"))
    assert hits["terms_distinct"].tolist()[0] > 0 and hits["terms_distinct"].tolist()[1] == 0


def test_the_order_of_texts_does_not_matter() -> None:
    assert lexicon(TARGET, BACKGROUND).equals(lexicon(TARGET[::-1], BACKGROUND[::-1]))


def test_texts_without_words_are_refused() -> None:
    with pytest.raises(InputError, match="needs target texts"):
        lexicon(["..."], BACKGROUND)
    with pytest.raises(InputError, match="needs background texts"):
        lexicon(TARGET, [])
