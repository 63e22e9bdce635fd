"""Texts for the ratio scorers, and what the filters of NeMo Curator compute for them.

    python -m tests.units.score.ratios PYTHON CHECKOUT

writes ``ratios.json`` anew with PYTHON, the interpreter of an environment with regex, and CHECKOUT, the folder of NeMo
Curator's repository.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

from tests.units.filter.variants import texts as others

HERE = Path(__file__).parent
PIECES = (
    *("http://example.org/a%20b?c=d#e", "https://x.y/", "http://", "xhttps://a.b<c", "http://q%2", "(see [1])", "{2}"),
    *("Our Privacy Policy applies", "lorem ipsum dolor", "We use cookies", "terms of\nuse", "⟨x⟩", "#", "...", "[…]"),
    *(
        "A line that ends.",
        "and one that does not",
        "12 345",
        "naïve über 北京",
        "\t",
        "\r\n",
        "\n",
        "\n\n",
        "\n",
        "w" * 70,
    ),
)
SCRIPT = """
import importlib.util, json, sys, types
root = sys.argv[1]
def load(name, path):
    spec = importlib.util.spec_from_file_location(name, root + "/" + path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
for name in ("nemo_curator", "nemo_curator.stages", "nemo_curator.stages.text", "nemo_curator.stages.text.filters",
             "nemo_curator.stages.text.utils", "nemo_curator.stages.text.filters.doc_filter"):
    sys.modules[name] = types.ModuleType(name)
class DocumentFilter:
    def __init__(self):
        self._sentences = self._paragraphs = self._ngrams = None
sys.modules["nemo_curator.stages.text.filters.doc_filter"].DocumentFilter = DocumentFilter
load("nemo_curator.stages.text.utils.constants", "nemo_curator/stages/text/utils/constants.py")
load("nemo_curator.stages.text.utils.text_utils", "nemo_curator/stages/text/utils/text_utils.py")
f = load("string_filters", "nemo_curator/stages/text/filters/heuristic/string.py")
r = load("repetition_filters", "nemo_curator/stages/text/filters/heuristic/repetition/repetition.py")
FILTERS = {
    "non_plain_share": f.NonAlphaNumericFilter(), "symbol_word_share": f.SymbolsToWordsFilter(),
    "address_share": f.UrlsFilter(), "blank_share": f.WhiteSpaceFilter(), "bracket_share": f.ParenthesesFilter(),
    "longest_word": f.LongWordFilter(), "spaced_words": f.WordCountFilter(),
    "policy_paragraph_share": f.BoilerPlateStringFilter(), "mean_spaced_word_length": f.MeanWordLengthFilter(),
    "unfinished_line_share": f.PunctuationFilter(), "stop_word_count": f.CommonEnglishWordsFilter(2, False),
    "alpha_spaced_word_share": f.WordsWithoutAlphabetsFilter(),
    "unique_line_share": r.RepeatedLinesFilter(), "unique_line_character_share": r.RepeatedLinesByCharFilter(),
}
for line in sys.stdin:
    name, text = json.loads(line)
    print(json.dumps([name, {score: unit.score_document(text) for score, unit in FILTERS.items()}]))
"""


def texts() -> dict[str, str]:
    """The texts of the rule sets' variants, and seeded heaps of addresses, brackets and boilerplate."""
    found = dict(list(others().items())[::3])
    for seed in range(60):
        draw = random.Random(seed)
        pieces = [draw.choice(PIECES) + draw.choice((" ", " ", "\n", "")) for _ in range(draw.randint(1, 30))]
        found[f"ratios {seed}"] = "start " + "".join(pieces)
    return found


def main(python: str, checkout: str) -> None:
    """Let the filters measure every text."""
    lines = "\n".join(json.dumps(item) for item in texts().items())
    done = subprocess.run([python, "-c", SCRIPT, checkout], input=lines, capture_output=True, text=True, check=True)
    rows = []
    for name, values in map(json.loads, done.stdout.splitlines()):
        rows.append(f"{json.dumps(name)}: {json.dumps({k: round(v, 6) for k, v in values.items() if v})}")
    (HERE / "ratios.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
