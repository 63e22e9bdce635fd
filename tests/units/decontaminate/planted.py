"""Evaluation items and documents with parts of them planted, changed in the ways that normalisation is about.

``python -m tests.units.decontaminate.planted PYTHON JANITOR`` lets datatrove (of that interpreter) and the file
``janitor.py`` of lm-evaluation-harness decide on the documents and writes ``planted.json``, which the tests compare to.
"""

import hashlib
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa

from tasks.decontaminate._handling import ITEMS

DECISIONS = Path(__file__).with_name("planted.json")
REFERENCE = Path(__file__).parents[2] / "benchmarks" / "_datatrove_decontamination.py"
PLAIN = "ba be bi do du fa fe go ka ke ki la lo lu ma me mi mo na ne no pa ra re ro sa se so ta te to va vo"
ODD = """
dont cant youre whats im id its well cannot gonna didnt theyve thats yall dontve don't it's O'Neil naïve Straße ΟΔΟΣ
ΣΊΣΥΦΟΣ Łódź İzmir 10km 3.5kg 1,234,567 7am 12pm 50% €20 £5 20€ C++ e.g. U.S. Mr. state-of-the-art a/b x=1 (see) [1]
«guillemets» “quoted” ‘single’ … — 東京 我能吞下玻璃 ガラス 한국어 Привет
ünïcödé e\u0301a\u0308 \u0301mark 🙂 ok🙂 🥰wow
§ ¶ ′prime′ © ½ x² ٣٤٥ १२३ ５６ ̈ \u200b \u00ad tail\u0301 a_b http://example.org/a?b=1 me@example.org 2024-01-31 0x1F
"""


def items(seed: int = 1) -> pa.Table:
    """Thirty items: answers of a number, a word, several golds, none, and sentences of 5 to 30 words."""
    rng = random.Random(seed)
    rows = []
    for i in range(30):
        answers = [[str(rng.randint(0, 99))], ["yes"], [_prose(rng, rng.randint(5, 30)) for _ in range(2)], []]
        answers += [[_prose(rng, length)] for length in (11, 12, 13, 20, 30)]
        rows.append({"evaluation": "planted.jsonl", "item": str(i), "question": _prose(rng, rng.randint(4, 40))})
        rows[-1]["answers"] = answers[i % len(answers)]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def documents(table: pa.Table, seed: int = 2) -> list[str]:
    """Texts with nothing planted, and with spans of 9 to 14 words and more of each item, changed in many ways."""
    rng = random.Random(seed)
    found = ["", " ", "\n", *(_prose(rng, 60) for _ in range(10))]
    for row in table.to_pylist():
        whole = row["question"] + " " + " ".join(row["answers"][:1])
        found.append(f"{_prose(rng, 9)}\n{whole}\n{_prose(rng, 9)}")
        found.append(row["question"])
        words = whole.split()
        for change in (_as_it_is, _case, _digits, _punctuation, _marks, _space, _one_word):
            first = rng.randint(0, max(len(words) - 14, 0))
            if change is _as_it_is and row["answers"]:
                first = max(len(row["question"].split()) - rng.randint(3, 12), 0)
            piece = " ".join(words[first : first + rng.choice([9, 10, 11, 12, 13, 14, 20])])
            found.append(f"{_prose(rng, 7)} {change(rng, piece)} {_prose(rng, 7)}")
    return found


def _prose(rng: random.Random, words: int) -> str:
    odd = ODD.split()
    return " ".join(
        rng.choice(odd) if rng.random() < 0.15 else "".join(rng.choices(PLAIN.split(), k=rng.randint(1, 3)))
        for _ in range(words)
    )


def _as_it_is(rng: random.Random, text: str) -> str:
    return text


def _case(rng: random.Random, text: str) -> str:
    return rng.choice([text.upper(), text.title(), text.lower()])


def _digits(rng: random.Random, text: str) -> str:
    return "".join(rng.choice("0123456789") if c in "0123456789" else c for c in text)


def _punctuation(rng: random.Random, text: str) -> str:
    return "".join(rng.choice([" ", ", ", "; ", " - ", "! "]) if c == " " else c for c in text)


def _marks(rng: random.Random, text: str) -> str:
    return "".join(c + rng.choice(["", "", "\u0301", "\u0308"]) if c in "aeiou" else c for c in text)


def _space(rng: random.Random, text: str) -> str:
    return "".join(rng.choice([" ", "\n", "\t ", "\u00a0", "\r\n"]) if c == " " else c for c in text)


def _one_word(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    words[rng.randrange(len(words))] = "zzz"
    return " ".join(words)


def digest(table: pa.Table, texts: list[str]) -> str:
    """What the stored decisions are about."""
    return hashlib.sha256(json.dumps([table.to_pylist(), texts]).encode()).hexdigest()


def decide(python: str, table: pa.Table, texts: list[str], *options: str) -> list[dict]:
    """Return datatrove's decisions, made by this interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()), encoding="utf-8")
        given = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        command = [python, str(REFERENCE), *options, str(file)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def janitor(file: str, table: pa.Table, texts: list[str]) -> list[bool]:
    """Return of each text whether lm-evaluation-harness's janitor, the Python code, finds something in it."""
    spec = importlib.util.spec_from_file_location("janitor", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    unit = module.Janitor()
    for row in table.to_pylist():
        for answer in row["answers"] or [""]:
            unit.register_contaminant_python(f"{row['question']} {answer}")
    return [
        any(unit.normalize_string(gram) in unit.dirt_ngrams for gram, _ in module.word_ngrams_indices(text, 13))
        for text in texts
    ]


def main() -> None:
    """Write the decisions, with the digest of what they are about."""
    table = items()
    texts = documents(table)
    found = {"digest": digest(table, texts)}
    for name, options in {"answers": (), "questions": ("--questions",)}.items():
        kept = [row["kept"] for row in decide(sys.argv[1], table, texts, *options)]
        found[name] = "".join(".x"[not each] for each in kept)
    found["janitor"] = "".join(".x"[each] for each in janitor(sys.argv[2], table, texts))
    DECISIONS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
