"""Run DCLM's own Gopher and C4 filters on documents: executed by an interpreter with nltk, uniseg and fasttext.

    python _dclm_reference.py CHECKOUT < documents.jsonl > measured.jsonl

CHECKOUT is the folder of its repository. Each input line is ``{"id", "source", "text"}``. Each output line has the
values that its functions compare, under the names of the scores that Gristmill compares, and the decisions of the rules
of baselines/baselines_configs/refinedweb.yaml.
"""

import json
import sys
import types
from pathlib import Path

CONTENT = "text"
LIMITS = {2: 0.20, 3: 0.18, 4: 0.16, 5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}


class Limit:
    """A threshold that remembers what was compared with it, and lets everything pass."""

    def __init__(self) -> None:
        self.value = 0.0
        self.count = 1

    def __mul__(self, count: int) -> "Limit":
        self.count = count
        return self

    def __lt__(self, value: float) -> bool:
        self.value = value
        return False

    __gt__ = __lt__

    def __ge__(self, value: float) -> bool:
        self.value = value
        return True


def load(checkout: Path) -> types.ModuleType:
    """Import its filters; what they import but do not use here is empty."""
    for name, members in (
        ("transformers", {"AutoTokenizer": None}),
        ("justext", {}),
        ("retrie", {}),
        ("retrie.retrie", {"Blacklist": None}),
        ("bs4", {"BeautifulSoup": None}),
        ("lxml", {}),
        ("lxml.etree", {"ParserError": None}),
        ("blingfire", {}),
        ("unidecode", {"unidecode": str}),
        ("core", {}),
        ("core.factory_utils", {"factory_function": lambda function: function}),
        ("core.constants", {"CONTENT": CONTENT, "URL": "url"}),
    ):
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
    for name in ("baselines", "baselines.mappers"):
        module = types.ModuleType(name)
        module.__path__ = [str(checkout.joinpath(*name.split(".")))]
        sys.modules[name] = module
    sys.path.insert(0, str(checkout))
    sys.modules["baselines.mappers.filters"] = package = types.ModuleType("baselines.mappers.filters")
    package.__path__ = [str(checkout / "baselines" / "mappers" / "filters")]
    from baselines.mappers import modifiers
    from baselines.mappers.filters import content_filters

    content_filters.modifiers = modifiers
    return content_filters


def values(filters: types.ModuleType, text: str) -> dict[str, float]:
    """What each filter compares with its threshold."""
    page, cache = {CONTENT: text}, {}
    words = filters.split_words(text, ignore_punctuation=True)
    found = {"begun_words": float(len(words))}
    for name, function, setting, share in (
        ("mean_spaced_word_length", filters.word_length_filter, "max_length", False),
        ("mark_word_ratio", filters.symbol_ratio_filter, "max_symbol_to_word_ratio", False),
        ("alpha_spaced_word_share", filters.alphabetic_word_ratio_filter, "max_ratio", False),
        ("listed_line_share", filters.bullet_count_filter, "max_bullet_start_ratio", True),
        ("trailing_line_share", filters.ellipsis_count_filter, "max_ellipsis_end_ratio", True),
    ):
        limit = Limit()
        function(page, **{setting: limit})
        found[name] = limit.value / max(limit.count, 1) if share else limit.value
    found["alpha_spaced_word_share"] = 1 - found["alpha_spaced_word_share"] if text.split() else 0.0
    found["folded_stop_word_count"] = float(
        next(n for n in range(len(text) + 1) if not filters.stop_word_filter(page, min_stop_word=n + 1))
    )
    for piece in ("line", "paragraph"):
        for name, characters in (("share", False), ("character_share", True)):
            limit = Limit()
            filters.repetition_filter(page, piece, limit, count_characters=characters, cache=cache)
            found[f"recurring_{piece}_{name}"] = limit.value
    for n in LIMITS:
        limit = Limit()
        filters.repetition_filter(page, n, limit, cache=cache)
        found[f"recurring_{n}gram_share" if n < 5 else f"covered_{n}gram_share"] = limit.value
    return found


def decisions(filters: types.ModuleType, text: str) -> dict[str, bool]:
    """Whether the filters keep the text, with the thresholds of its RefinedWeb recipe."""
    page = {CONTENT: text}
    quality = [
        filters.page_length_filter(page, "word", 50, 100_000, ignore_punctuation=True),
        filters.word_length_filter(page, 3, 10),
        filters.symbol_ratio_filter(page, 0.1),
        filters.bullet_count_filter(page, 0.9),
        filters.ellipsis_count_filter(page, 0.3),
        filters.alphabetic_word_ratio_filter(page, 0.2),
        filters.stop_word_filter(page, count_unique=False, min_stop_word=2),
    ]
    repetition = filters.massive_web_repetition_filters(page)
    return {"gopher_quality": all(quality), "gopher_repetition": bool(repetition)}


def c4(filters: types.ModuleType, text: str) -> bool | int:
    """The steps of its C4 recipe up to the count of sentences: the lines left, or False if a filter drops the text."""
    edit, phrases = filters.modifiers, ["terms of use", "privacy policy", "cookie policy"]
    phrases += ["uses cookies", "use of cookies", "use cookies"]
    page = {CONTENT: text}
    for drops, step in (
        (True, lambda page: filters.page_length_filter(page, "char", max_length=190_000)),
        (False, lambda page: edit.word_length_modifier(page, 1000, model="split")),
        (False, edit.citation_removal_modifier()),
        (False, edit.punctuation_line_modifier(remove_ellipses=True)),
        (False, lambda page: edit.line_length_modifier(page, min_length=5)),
        (True, filters.substring_filter(["lorem ipsum"])),
        (False, edit.substring_line_modifier(["javascript"])),
        (True, filters.substring_filter(["{"])),
        (False, edit.substring_line_modifier(phrases)),
    ):
        found = step(page)
        if not found:
            return False if drops else 0
        page = found[0]
    return sum(bool(line.strip()) for line in page[CONTENT].split("\n"))


def main() -> None:
    """Measure the documents of standard input."""
    filters = load(Path(sys.argv[1]))
    for line in sys.stdin:
        document = json.loads(line)
        result = {"id": document["id"], "source": document["source"]}
        result |= {"decisions": decisions(filters, document["text"]), "values": values(filters, document["text"])}
        result["c4"] = c4(filters, document["text"])
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
