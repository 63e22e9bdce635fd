"""FineWeb's rules against the paper's table (arXiv:2406.17557, section 3.6) and its code for the newline rule."""

from tasks.filter.fineweb_quality import fineweb_quality


def test_the_thresholds_are_those_of_the_paper_and_of_its_code():
    assert [str(rule) for rule in fineweb_quality.rules] == [
        "terminal_line_share >= 0.12",
        "short_line_share <= 0.67",
        "duplicate_line_characters <= 0.01",
        "newline_word_ratio <= 0.3",
    ]
