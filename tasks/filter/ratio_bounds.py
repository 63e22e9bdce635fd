"""The text filters of Data-Juicer with its defaults, as far as a score of the same quantity exists here.

Left out are its shares of repeated character 10-grams and of special characters, its perplexity of 1,500 (another
model's perplexities say nothing of ours) and all that asks a language model. Flagged words are those of the list that
``bad_words`` is given; without a list none is flagged. The stop words are Gristmill's, of the document's language.
"""

from schemas.rule import Rule, RuleSet

ratio_bounds = RuleSet(
    meaning="Text with letters, function words and lines of some length, few flagged words and a clear language.",
    source="Chen et al. 2024, arXiv:2309.02033; github.com/datajuicer/data-juicer, data_juicer/ops/filter.",
    rules=(
        Rule("min_letter_or_number_share", "alphanumeric_share", ">=", 0.25),
        Rule("min_mean_line_characters", "mean_line_characters", ">=", 10.0),
        Rule("min_longest_line_characters", "longest_line_characters", ">=", 10.0),
        Rule("max_bad_words_density", "bad_words_density", "<=", 0.045),
        Rule("min_stop_word_share", "stop_word_share", ">=", 0.3),
        Rule("min_language_score", "language_score", ">=", 0.8),
        Rule("min_spaced_words_of_any_kind", "spaced_words", ">=", 10.0),
    ),
)
