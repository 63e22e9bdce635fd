"""Texts that are near the thresholds of the rule sets: public-domain passages and what a crawl does to them.

    python -m tests.units.filter.passages PYTHON

writes ``datatrove.json`` anew with PYTHON, the interpreter of an environment with datatrove and spaCy.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "benchmarks" / "_datatrove_reference.py"

GETTYSBURG = """Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in \
Liberty, and dedicated to the proposition that all men are created equal.

Now we are engaged in a great civil war, testing whether that nation, or any nation so conceived and so dedicated, can \
long endure. We are met on a great battle-field of that war. We have come to dedicate a portion of that field, as a \
final resting place for those who here gave their lives that that nation might live. It is altogether fitting and \
proper that we should do this.

But, in a larger sense, we can not dedicate -- we can not consecrate -- we can not hallow -- this ground. The brave \
men, living and dead, who struggled here, have consecrated it, far above our poor power to add or detract. The world \
will little note, nor long remember what we say here, but it can never forget what they did here."""

ALICE = """Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do:
once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it,
“and what is the use of a book,” thought Alice “without pictures or conversations?”

So she was considering in her own mind (as well as she could, for the hot day made her feel very sleepy and stupid),
whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the daisies, when
suddenly a White Rabbit with pink eyes ran close by her.

“Oh dear! Oh dear! I shall be late!” (when she thought it over afterwards, it occurred to her that she ought to have
wondered at this, but at the time it all seemed quite natural); but when the Rabbit actually took a watch out of its
waistcoat-pocket, and looked at it, and then hurried on, Alice started to her feet, for it didn't flash across her mind
that she'd never before seen a rabbit with either a waistcoat-pocket, or a watch to take out of it."""

RECIPE = """Bread for two days.

- 500 g flour, type 550
- 350 ml water at 25°C
- 10 g salt (2 %)
- 1.5 tsp dry yeast

Mix the flour with the water; wait 30 min. Add salt and yeast, and knead for 10 min. on a floured board...
Let it rise until it's doubled, i.e. about 2 h at 22°C. Don't hurry!

Bake at 230°C for 15 min., then at 200°C for 25 min. The loaf is done when it sounds hollow, e.g. when you knock."""

PASSAGES = {"gettysburg": GETTYSBURG, "alice": ALICE, "recipe": RECIPE}

CHANGES = {
    "as it is": lambda text: text,
    "twice": lambda text: f"{text}\n\n{text}",
    "start only": lambda text: text[:200],
    "one line": lambda text: " ".join(text.split()),
    "a line per sentence": lambda text: text.replace(". ", ".\n"),
    "a line per four words": lambda text: _lines(text.split(), 4),
    "a line per word": lambda text: "\n".join(text.split()),
    "bullets": lambda text: "\n".join(f"- {line}" for line in text.replace(", ", ",\n").splitlines()),
    "bullets of dots": lambda text: "\n".join(f"  • {line}" for line in text.split(". ")),
    "ellipses": lambda text: text.replace(",", "...").replace(".\n", "…\n"),
    "cut lines": lambda text: "\n".join(f"{line[:60]}..." for line in text.splitlines()),
    "hash signs": lambda text: text.replace("the ", "#the ").replace("and ", "# and "),
    "no punctuation": lambda text: "".join(c for c in text if c.isalnum() or c.isspace() or c == "'"),
    "punctuation apart": lambda text: text.replace(",", " ,").replace(".", " .").replace("a", "- a"),
    "upper case": str.upper,
    "a line repeated": lambda text: text + "\nShare this page with your friends and family today." * 4,
    "a phrase repeated": lambda text: text.replace(". ", ", click here to read more about it. "),
    "numbers": lambda text: text + " 12.5 14,3 99" * 30,
    "code": lambda text: text + '\n\nfor (i = 0; i < n; ++i) { total += values[i]; }\nprint("the total is done.")\n',
    "javascript": lambda text: text.replace(". ", ".\nPlease enable Javascript in your browser {now}.\n"),
    "policy": lambda text: "\n".join(f"{line} We value your privacy policy." for line in text.splitlines()),
    "lorem ipsum": lambda text: text + "\nLorem ipsum dolor sit amet.",
    "citations": lambda text: text.replace(".", ".[12]").replace("\n", "[edit]\n"),
    "blank lines": lambda text: "\n" + text.replace("\n", "\n \n\n") + "\n",
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "a long word": lambda text: f"{text}\nThis line has {'x' * 1200} in it.\nIt is over.",
    "long words": lambda text: text.replace(" the ", "-the-").replace(" and ", "-and-").replace(" of ", "_of_"),
    "quotes": lambda text: text.replace(". ", '."\n"'),
}


def _lines(words: list[str], count: int) -> str:
    return "\n".join(" ".join(words[i : i + count]) for i in range(0, len(words), count))


def passages() -> dict[str, str]:
    """Every passage with every change, by name."""
    return {f"{name}, {change}": alter(text) for name, text in PASSAGES.items() for change, alter in CHANGES.items()}


def main(python: str) -> None:
    """Let datatrove decide on every passage and keep its values, those of 0 left out."""
    lines = [json.dumps({"id": name, "source": "passages", "text": text}) for name, text in passages().items()]
    done = subprocess.run(
        [python, str(REFERENCE), "--values"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    kept = []
    for line in map(json.loads, done.stdout.splitlines()):
        values = {score: round(value, 6) for score, value in line["values"].items() if value}
        kept.append(f"{json.dumps(line['id'])}: {json.dumps({'decisions': line['decisions'], 'values': values})}")
    (HERE / "datatrove.json").write_text("{\n" + ",\n".join(kept) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
