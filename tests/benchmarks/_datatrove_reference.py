"""Run datatrove's own filters on documents: executed by datatrove's interpreter, which has no Gristmill.

    python _datatrove_reference.py [--seconds S] [--values] < documents.jsonl > measured.jsonl

Each input line is ``{"id", "source", "text"}``. Each output line has the decision of the four filters with their
defaults (``true`` or the first reason), the processor seconds of the filters and of the MinHash signature, and with
``--values`` the value of every rule, computed with datatrove's own functions: its filters stop at the first rule that
fails, so they do not tell the others.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import takewhile

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashDedupSignature
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters import c4_filters as c4
from datatrove.pipeline.filters import gopher_quality_filter as quality
from datatrove.pipeline.filters import gopher_repetition_filter as repetition
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION, split_into_sentences, split_into_words


def main() -> None:
    """Measure the documents of standard input until they or the seconds are used up."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=float("inf"))
    arguments.add_argument("--values", action="store_true")
    options = arguments.parse_args()
    # The C4 filter comes last: it fills the tokenizer's cache of five texts, which the other three share.
    filters = {
        "gopher_repetition": GopherRepetitionFilter(),
        "gopher_quality": GopherQualityFilter(),
        "fineweb_quality": FineWebQualityFilter(),
        "c4_quality": C4QualityFilter(),
    }
    signer = MinhashDedupSignature(output_folder="memory://signatures")
    split_into_words("The models are loaded by the first use.")
    end = time.perf_counter() + options.seconds
    for line in takewhile(lambda _: time.perf_counter() < end, sys.stdin):
        document = json.loads(line)
        result = {"id": document["id"], "source": document["source"], "bytes": len(document["text"].encode())}
        result |= measure(document["text"], filters, signer)
        if options.values:
            result["values"] = values(document["text"])
        print(json.dumps(result), flush=True)


def measure(text: str, filters: dict, signer: MinhashDedupSignature) -> dict:
    """The decisions, and the processor seconds of the filters and of the signature."""
    start = time.process_time()
    decisions = {name: decide(unit, text) for name, unit in filters.items()}
    filtered = time.process_time()
    shingles = signer.get_shingles(text)
    if shingles.size:
        signer.get_signature(shingles)
    signed = time.process_time()
    return {"decisions": decisions, "filter_seconds": filtered - start, "signature_seconds": signed - filtered}


def decide(unit, text: str) -> bool | str:
    """True when the filter keeps the text, else its reason; some filters divide by zero on texts without words."""
    try:
        kept = unit.filter(Document(text=text, id=""))
    except ZeroDivisionError:
        return "division by zero"
    return True if kept is True else kept[1]


def values(text: str) -> dict[str, float]:
    """The value of every rule, under the name of the score that Gristmill compares."""
    words = split_into_words(text)
    return dict(of_words(text, words)) | dict(of_lines(text, words)) | dict(of_repetition(text, words)) | of_c4(text)


def of_words(text: str, words: list[str]) -> Iterator[tuple[str, float]]:
    """Gopher's quality values, as the filter computes them."""
    content = [word for word in words if any(character not in PUNCTUATION_SET for character in word)]
    lines = text.splitlines()
    yield "words", len(words)
    yield "content_words", len(content)
    yield "mean_word_length", float(np.mean([len(word) for word in content])) if content else 0.0
    yield "hash_word_ratio", share(text.count("#"), len(words))
    yield "ellipsis_word_ratio", share(text.count("...") + text.count("…"), len(words))
    yield "bullet_line_share", share(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines))
    yield "ellipsis_line_share", share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines))
    yield "alpha_word_share", share(sum(any(c.isalpha() for c in word) for word in words), len(words))
    yield "stop_words", len(set(quality.STOP_WORDS).intersection(words))


def of_lines(text: str, words: list[str]) -> Iterator[tuple[str, float]]:
    """FineWeb's values, as the filter computes them."""
    lines = [line for line in text.split("\n") if line.strip() != ""]
    yield "terminal_line_share", share(sum(line.endswith(tuple(TERMINAL_PUNCTUATION)) for line in lines), len(lines))
    yield "short_line_share", share(sum(len(line) <= 30 for line in lines), len(lines))
    yield "duplicate_line_characters", share(repetition.find_duplicates(lines)[1], len(text.replace("\n", "")))
    yield "newline_word_ratio", share(text.count("\n"), len(words))


def of_repetition(text: str, words: list[str]) -> Iterator[tuple[str, float]]:
    """Gopher's repetition values, as the filter computes them."""
    unit = GopherRepetitionFilter()
    for name, parts in (
        ("paragraph", unit.paragraph_exp.split(text.strip())),
        ("line", unit._line_splitter.split(text)),
    ):
        count, characters = repetition.find_duplicates(parts)
        yield f"duplicate_{name}_share", share(count, len(parts))
        yield f"duplicate_{name}_character_share", share(characters, len(text))
    for n in (2, 3, 4):
        ngrams = repetition.get_n_grams(words, n)
        yield f"top_{n}gram_share", share(repetition.find_top_duplicate(ngrams) if ngrams else 0, len(text))
    for n in range(5, 11):
        yield f"duplicate_{n}gram_share", share(repetition.find_all_duplicate(words, n), len(text))


def of_c4(text: str) -> dict[str, float]:
    """C4's counts over the lines that survive its line rules, in the order of the filter."""
    counts = {"c4_sentences": 0, "c4_lorem_ipsum": 0, "c4_curly_brackets": 0, "c4_kept_lines": 0}
    for line in text.splitlines():
        line = line.strip()
        words = line.split()
        if any(len(word) > 1000 for word in words):
            continue
        line = c4.CITATION_REGEX.sub("", line)
        lowered = line.lower()
        if not line.endswith(c4.END_PUNCTUATION) or line.endswith(c4.ELLIPSIS) or len(words) < 3:
            continue
        counts["c4_lorem_ipsum"] += "lorem ipsum" in lowered
        if "javascript" in lowered:
            continue
        counts["c4_curly_brackets"] += "{" in line
        if any(phrase in lowered for phrase in c4.POLICY_SUBSTRINGS):
            continue
        counts["c4_sentences"] += len(split_into_sentences(line))
        counts["c4_kept_lines"] += 1
    return counts


def share(part: float, whole: float) -> float:
    """``part / whole``, and 0 for an empty whole."""
    return part / whole if whole else 0.0


if __name__ == "__main__":
    main()
