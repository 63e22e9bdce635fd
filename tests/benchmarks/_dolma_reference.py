"""Run Dolma's own Gopher tagger on documents: executed by an interpreter that has the package dolma.

    python _dolma_reference.py [--seconds S] < documents.jsonl > measured.jsonl

Each input line is ``{"id", "source", "text"}``. Each output line has the values of the tagger ``gopher_v1`` under the
names of the scores that Gristmill compares, the decisions of the rules that Dolma 1.5 was mixed with, and the processor
seconds of the tagger.
"""

import argparse
import json
import sys
import time
from itertools import takewhile

from dolma.taggers.gopher import GopherAttributes, get_attributes


def main() -> None:
    """Measure the documents of standard input until they or the seconds are used up."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=float("inf"))
    options = arguments.parse_args()
    end = time.perf_counter() + options.seconds
    for line in takewhile(lambda _: time.perf_counter() < end, sys.stdin):
        document = json.loads(line)
        start = time.process_time()
        found = get_attributes(document["text"])
        spent = time.process_time() - start
        measured = values(found)
        result = {"id": document["id"], "source": document["source"], "bytes": len(document["text"].encode())}
        result |= {"decisions": decisions(measured), "filter_seconds": spent, "values": measured}
        print(json.dumps(result), flush=True)


def values(found: GopherAttributes) -> dict[str, float]:
    """The tagger's attributes by the names of our scores; an n-gram of more words than there are has 0."""
    ngrams = dict(
        [*found.fraction_of_characters_in_most_common_ngram, *found.fraction_of_characters_in_duplicate_ngrams]
    )
    return {
        "spaced_words": found.word_count,
        "median_spaced_word_length": found.median_word_length,
        "marked_word_share": found.symbol_to_word_ratio,
        "alpha_spaced_word_share": found.fraction_of_words_with_alpha_character,
        "stop_word_count": found.required_word_count,
        "star_line_share": found.fraction_of_lines_starting_with_bullet_point,
        "ellipsis_sign_line_share": found.fraction_of_lines_ending_with_ellipsis,
        "counted_line_share": found.fraction_of_duplicate_lines,
        "counted_line_character_share": found.fraction_of_characters_in_duplicate_lines,
        **{f"counted_{n}gram_share": ngrams.get(n, 0.0) for n in range(2, 11)},
    }


def decisions(measured: dict[str, float]) -> dict[str, bool]:
    """Whether the rules of configs/dolma-v1_5/mixing/cc-head.yaml keep the document, in two sets as ours."""
    most = {2: 0.20, 3: 0.18, 4: 0.16, 5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
    quality = (
        50 <= measured["spaced_words"] <= 100_000
        and 3 <= measured["median_spaced_word_length"] <= 10
        and measured["marked_word_share"] <= 0.1
        and measured["alpha_spaced_word_share"] >= 0.8
        and measured["stop_word_count"] >= 2
        and measured["star_line_share"] <= 0.9
        and measured["ellipsis_sign_line_share"] <= 0.3
    )
    repetition = (
        measured["counted_line_share"] <= 0.3
        and measured["counted_line_character_share"] <= 0.3
        and all(measured[f"counted_{n}gram_share"] <= limit for n, limit in most.items())
    )
    return {"gopher_quality": quality, "gopher_repetition": repetition}


if __name__ == "__main__":
    main()
