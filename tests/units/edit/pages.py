"""Pages of lines that line rules look at, made from pieces, and what datatrove and DCLM leave of them.

    python -m tests.units.edit.pages PYTHON MODIFIERS

writes ``datatrove.json`` and ``dclm.json`` anew with PYTHON, the interpreter of an environment with datatrove, and
MODIFIERS, DCLM's file baselines/mappers/modifiers.py.
"""

import json
import random
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tests.units.filter.passages import passages

HERE = Path(__file__).parent
LINES = (
    "Home",
    "",
    " ",
    "\t",
    "The sun went down behind the hills.",
    "  And then it was night!  ",
    "Is it over?",
    "It said: 'Go home.'",
    'She left "for good"',
    "It trails off...",
    "It trails off.[1]..",
    "Too short.",
    "So it is.",
    "The sky is blue.[12]",
    "[1][2] The sky[edit] is [citation needed]blue.",
    "The sky is blue. [3]",
    "See [][۱۲] it all.",
    "[1] [2] [3]",
    "Nested [[1]] marks are here.",
    "Not a [1 mark at all.",
    "Please enable JavaScript now.",
    "[edit]",
    "We use cookies on this site.",
    "Read our PRIVACY policy today.",
    "Lorem ipsum dolor sit amet.",
    "if (x) { y = 1; }.",
    "A word of " + "x" * 30 + " is here.",
    "日本語の文章です。 二つ 三つ.",
    "***",
    "-- -- --",
    "=====",
    "… — …",
    "( )",
    "1.",
    "###",
    "•••",
    "١",
    "。！？",
    "１２",
    "* a *",
    "\u3000",
    "Ends in a quote.”",
    "Done. \xa0",
    "\x07 bell rings here.",
)
BREAKS = ("\n",) * 8 + ("\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n")
C4 = {
    "c4": {},
    "c4, any end": {"sentence_end": False},
    "c4, other words": {"fewest_words": 5, "longest_word": 20},
    "c4, no words": {"fewest_words": 0, "sentence_end": False},
}
SYMBOLS = {"symbols": {}, "symbols, marked": {"replacement": "\n"}}
REFERENCE = """
import json, sys
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter
from datatrove.pipeline.formatters.symbol_lines_remover import SymbolLinesFormatter
names = {"fewest_words": "min_words_per_line", "longest_word": "max_word_length"}
names |= {"sentence_end": "filter_no_terminal_punct", "replacement": "replace_char"}
c4, symbols, pages = json.load(sys.stdin)
ours = lambda given: {names[k]: v for k, v in given.items()}
document = dict(min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False)
filters = {name: C4QualityFilter(**document, **ours(given)) for name, given in c4.items()}
formatters = {name: SymbolLinesFormatter(**ours(given)) for name, given in symbols.items()}
for name, page in pages.items():
    left = {}
    for key, unit in filters.items():
        found = Document(text=page, id="")
        assert unit.filter(found) is True
        left[key] = found.text
    left |= {key: unit.format(page) for key, unit in formatters.items()}
    print(json.dumps([name, left]))
"""

DCLM = """
import importlib.util, json, sys
from unittest.mock import MagicMock
for name in ("justext", "lxml.etree", "retrie.retrie", "bs4", "baselines.mappers.core_utils", "core.constants"):
    sys.modules[name] = MagicMock()
    sys.modules.setdefault(name.partition(".")[0], MagicMock())
sys.modules["core.constants"].CONTENT = "text"
sys.modules["core.factory_utils"] = MagicMock(factory_function=lambda function: function)
spec = importlib.util.spec_from_file_location("modifiers", sys.argv[1])
m = importlib.util.module_from_spec(spec)
spec.loader.exec_module(m)
short = dict(max_length=10, remove_substring_only=True)
steps = [
    lambda page: m.uppercase_ratio_line_modifier(page, max_ratio=0.5),
    lambda page: m.numeric_ratio_line_modifier(page, max_ratio=0.999999),
    m.counter_line_modifier(),
    lambda page: m.line_length_modifier(page, min_length=2),
    m.substring_line_modifier("items in cart", **short),
    m.substring_line_modifier("Read more...", location="suffix", **short),
    m.substring_line_modifier("Sign-in", location="prefix", **short),
]
for name, text in json.load(sys.stdin).items():
    found = [{"text": text}]
    for step in steps:
        found = step(found[0]) if found else found
    print(json.dumps([name, found[0]["text"] if found else ""]))
"""
WEB_LINES = (
    "WELCOME TO OUR SHOP",
    "Welcome TO OUR shop",
    "12345",
    "12 345",
    "  678",
    "٣٤٥",
    "3 likes",
    "1.2k Followers!",
    "- 5,000 views -",
    "3 likes you",
    "12M downloads",
    "k likes",
    "Menu",
    "Two words",
    "You have 3 items in cart today",
    "Items In Cart",
    "Items in cart items in cart",
    "It goes on. Read more...",
    "Read more >>",
    "Read more about it here",
    "Read more...",
    "Sign-in to read this",
    "Sign-in",
    "Please Sign-in to read it.",
    "This line has more than ten words and the phrase items in cart.",
    "The sun went down behind the hills.",
    "Ⅷ ⅨⅩ",
    "",
    "",
    "\u3000",
    "É È À",
    "漢字 かな",
)


def web_pages() -> dict[str, str]:
    """Passages with what a crawl does to them, and pages of lines that are often no part of a text, by name."""
    draw = random.Random(11)
    made = {f"page {i}": "\n".join(draw.choices(WEB_LINES, k=draw.randint(1, 12))) for i in range(400)}
    return {**passages(), **made, **{f"line {i}": f"Some text.\n{line}\n" for i, line in enumerate(WEB_LINES)}}


def pages() -> dict[str, str]:
    """Passages with what a crawl does to them, and pages of 1 to 12 lines drawn from those above, by name."""
    draw = random.Random(7)
    made = {
        f"page {i}": "".join(draw.choice(LINES) + draw.choice(BREAKS) for _ in range(draw.randint(1, 12)))
        for i in range(250)
    }
    ended = {f"{name}, ended": page.rstrip("\n") for name, page in made.items() if int(name.split()[1]) % 2}
    lines = {f"line {i}": line for i, line in enumerate(LINES)}
    return {**passages(), **made, **ended, **lines}


def digest(text: str) -> str:
    """Name a text: the fixture would be large with the texts themselves."""
    return blake2b(text.encode(), digest_size=6).hexdigest()


def main(python: str, modifiers: str) -> None:
    """Keep the digests of what datatrove (in the order of C4 and SYMBOLS) and DCLM leave of every page."""
    given = json.dumps([C4, SYMBOLS, pages()])
    left = _lines([python, "-c", REFERENCE], given)
    _write("datatrove", {name: [digest(found[key]) for key in (*C4, *SYMBOLS)] for name, found in left})
    left = _lines([python, "-c", DCLM, modifiers], json.dumps(web_pages()))
    _write("dclm", {name: digest(found) for name, found in left})


def _lines(command: list[str], given: str) -> list[Any]:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _write(name: str, kept: dict[str, Any]) -> None:
    lines = [f"{json.dumps(page)}: {json.dumps(found)}" for page, found in kept.items()]
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
