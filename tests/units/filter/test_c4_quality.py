"""C4's document rules against the paper (JMLR 21(140), section 2.2)."""

from tasks.filter.c4_quality import c4_quality


def test_the_thresholds_are_those_of_the_paper():
    assert [str(rule) for rule in c4_quality.rules] == [
        "c4_lorem_ipsum <= 0.0",  # "we removed any page where the phrase 'lorem ipsum' appeared"
        "c4_curly_brackets <= 0.0",  # "we removed any pages that contained a curly bracket"
        "c4_sentences >= 5.0",  # "we discarded any page with fewer than 5 sentences"
    ]
