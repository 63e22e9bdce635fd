"""Terms of a list: golden cases of the published cascade, and the word rule of C4."""

import gzip
import re
from pathlib import Path

import pytest

from schemas.errors import InputError
from tasks.score._lists import read_keys, read_set, read_terms
from tasks.score.bad_words import bad_words
from tasks.score.term_hits import term_hits
from tests.units.text.oracles import batch


def listed(folder: Path, *terms: str) -> str:
    path = folder / "terms.txt"
    path.write_text("\n".join(terms), encoding="utf-8")
    return str(path)


def test_two_distinct_terms_escalate_and_one_twice_does_not(tmp_path: Path) -> None:
    terms = listed(tmp_path, "# block list", "anthrax", "Aerosol", "", "aerosol")
    found = term_hits(batch("Anthrax as an aerosol.", "anthrax and anthrax", ""), terms=terms)
    assert found["terms_distinct"].tolist() == [2, 1, 0] and found["terms_total"].tolist() == [2, 2, 0]
    assert found["terms_density"].tolist() == [2 / 5, 2 / 3, 0]


def test_overlapping_terms_count_as_two_unless_the_longest_is_asked_for(tmp_path: Path) -> None:
    text, terms = batch("Viruses are no virus."), listed(tmp_path, "virus", "viruses")
    assert term_hits(text, terms=terms)["terms_total"].tolist() == [3]
    assert term_hits(text, terms=terms, longest=True)["terms_total"].tolist() == [2]
    assert term_hits(batch("viruses"), terms=terms, longest=True)["terms_distinct"].tolist() == [1]
    assert term_hits(batch("antivirus"), terms=terms, match="word")["terms_total"].tolist() == [0]


def test_a_changed_list_is_read_again(tmp_path: Path) -> None:
    terms = listed(tmp_path, "one")
    assert term_hits(batch("one two three"), terms=terms)["terms_total"].tolist() == [1]
    listed(tmp_path, "one", "three")
    assert term_hits(batch("one two three"), terms=terms)["terms_total"].tolist() == [2]


def test_lists_may_be_compressed_and_are_checked(tmp_path: Path) -> None:
    packed = tmp_path / "terms.gz"
    packed.write_bytes(gzip.compress("\ufeffcafé\r\n".encode()))
    assert term_hits(batch("CAFE\u0301"), terms=str(packed))["terms_total"].tolist() == [1]
    with pytest.raises(InputError, match=r"cannot read the list '.*none'"):
        term_hits(batch("a"), terms=str(tmp_path / "none"))
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="latin"):
        term_hits(batch("a"), terms=str(tmp_path / "latin"))


BAD = ("darn", "heck yes", "c--p", "性", "เชี่ย")
TEXTS = (
    "Darn it.",
    "darned",
    "un-darn",
    "_darn",
    "Heck  yes",
    "HECK YES!",
    "c--p",
    "c--py",
    "女性の",
    "ไอ้เชี่ยนี่",
    "2darn",
)


def test_bad_words_are_those_of_the_expression_of_c4(tmp_path: Path) -> None:
    spaced = re.compile(r"(?:\W|^)({})(?:\W|$)".format("|".join(map(re.escape, BAD[:3]))))
    expected = [bool(spaced.search(text.lower())) or any(word in text for word in BAD[3:]) for text in TEXTS]
    found = bad_words(batch(*TEXTS), words=listed(tmp_path, *BAD))
    assert (found["bad_words_total"] > 0).tolist() == expected and {True, False} <= set(expected)


@pytest.mark.parametrize("lines", ["", "# a comment\n\n"])
def test_an_empty_list_is_refused_rather_than_passed_by_every_document(tmp_path: Path, lines: str) -> None:
    (tmp_path / "empty").write_text(lines)
    for read in (read_terms, read_set, read_keys):
        with pytest.raises(InputError, match="empty' holds no entry"):
            read(str(tmp_path / "empty"))
