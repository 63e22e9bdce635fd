"""Texts for the readings of Gopher's rules by DCLM and Dolma, and what these tools make of them.

    python -m tests.units.filter.variants PYTHON CHECKOUT

writes ``dolma.json`` and ``dclm.json`` anew with PYTHON, the interpreter of an environment with dolma, nltk, uniseg and
fasttext, and CHECKOUT, the folder of DCLM's repository.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

from tests.units.filter.passages import passages

HERE = Path(__file__).parent
BENCHMARKS = HERE.parents[1] / "benchmarks"
GOLDEN = "a b c d e x a b c d e y a b c d e"
HEAP = """the be to of and that have with The OF Don't it's 3,14 1.2.3 x_y foo-bar a.b a:b #tag # ... … . . .
C++ end. (see) "quoted" naïve café e\u0301a СССР слово λόγος ½ ² Ⅷ १२ ١٢ שלום ב"ה مرحبا 北京大学
カタカナ ひらがな ー 한국어
ไทยเขียน 👍🏽 🇩🇪 a\u200bb a\u00adb a\u2019b a\u00a0b l'été ' '' - • ● * x y z"""
WORDS = HEAP.replace("\n", " ").split(" ")
PIECES = (
    "\n",
    "\n",
    "\n\n",
    "\n \n\n",
    "\n* ",
    "\n- ",
    "\n● ",
    "...\n",
    "…\n",
    " . . .\n",
    "\r\n",
    "\u2028",
    "\t",
    " ",
)


def texts() -> dict[str, str]:
    """The passages, the golden text, and seeded heaps of odd words of which some come again."""
    found = passages() | {"golden": GOLDEN}
    for seed in range(120):
        found[f"heap {seed}"] = _heap(random.Random(seed))
    return found


def _heap(draw: random.Random) -> str:
    vocabulary = draw.sample(WORDS, draw.randint(3, len(WORDS)))
    runs = [[draw.choice(vocabulary) for _ in range(draw.randint(1, 14))] for _ in range(draw.randint(1, 12))]
    return "".join(" ".join(draw.choice(runs)) + draw.choice(PIECES) for _ in range(draw.randint(1, 25)))


def main(python: str, checkout: str) -> None:
    """Let both tools measure every text and keep their values, those of 0 left out."""
    lines = [json.dumps({"id": name, "source": "", "text": text}) for name, text in texts().items()]
    for tool, command in (("dolma", ["_dolma_reference.py"]), ("dclm", ["_dclm_reference.py", checkout])):
        script = [python, str(BENCHMARKS / command[0]), *command[1:]]
        done = subprocess.run(script, input="\n".join(lines), capture_output=True, text=True, check=True)
        kept = []
        for line in map(json.loads, done.stdout.splitlines()):
            values = {score: round(value, 6) for score, value in line["values"].items() if value}
            facts = {"decisions": line["decisions"], "values": values} | ({"c4": line["c4"]} if "c4" in line else {})
            kept.append(f"{json.dumps(line['id'])}: {json.dumps(facts)}")
        (HERE / f"{tool}.json").write_text("{\n" + ",\n".join(kept) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
