"""The slow, plain forms that the kernels are held against, and texts that break things."""

import re
from collections import Counter

import pyarrow as pa

from tasks.text.batch import TextBatch

M = 2**64 - 1

HOSTILE = (
    "",
    " ",
    "\n",
    "\n\n\n",
    "\t\r\n",
    "\x00\x01\x02",
    "\x85\u2028\u2029",
    "." * 3000,
    "(" * 3000,
    "x" * 3000,
    "a." * 2000,
    "-" * 999 + "a",
    "'s" * 500,
    "😀👍🏽🇩🇪",
    "北京大学在北京。我们去！",
    "ไทยเขียนไม่เว้นวรรค",
    "e\u0301" * 200 + " " + "\u0301" * 300,
    "مرحبا بالعالم، كيف الحال؟",
    "\ufeff\u200b\u200d\u202e",
    "\U0010ffff\U000e0001",
    "http://example.com/a/b?c=d#e user@example.org 10.0.0.1 a..b",
    "don't can't I'll 10km $5 5% 3.14 U.S. Mr. J. end.",
    "{" * 50 + "lorem ipsum" + "}" * 50,
    "[1][2][edit][citation needed]",
)


def batch(*texts: str) -> TextBatch:
    return TextBatch(pa.array(texts, pa.large_string()))


def words(text: str) -> list[str]:
    found = batch(text)
    return [found.word(i) for i in range(len(found.words))]


def mix(state: int) -> int:
    state = ((state ^ (state >> 33)) * 0xFF51AFD7ED558CCD) & M
    state = ((state ^ (state >> 33)) * 0xC4CEB9FE1A85EC53) & M
    return state ^ (state >> 33)


def absorb(state: int, value: int) -> int:
    state = ((state ^ value) * 0x9E3779B97F4A7C15) & M
    return state ^ (state >> 32)


def fold(character: str) -> str:
    folded = character.casefold()
    return folded if len(folded) == 1 else character


def hash_word(word: str) -> int:
    state = 0x243F6A8885A308D3
    for character in word:
        state = absorb(state, ord(character))
    return mix(state)


def repeats(pieces: list[str]) -> tuple[int, int]:
    seen: set[str] = set()
    again = [piece for piece in pieces if piece in seen or seen.add(piece)]
    return len(again), sum(map(len, again))


def top(tokens: list[str], n: int) -> int:
    grams = Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
    gram, count = grams.most_common(1)[0] if grams else ((), 0)
    return len(" ".join(gram)) * count if count > 1 else 0


def duplicate(tokens: list[str], n: int) -> int:
    seen: set[tuple[str, ...]] = set()
    total, i = 0, 0
    while i + n <= len(tokens):
        gram = tuple(tokens[i : i + n])
        if gram in seen:
            total += sum(map(len, gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return total


def paragraphs(text: str) -> list[str]:
    return [piece for piece in re.split("\n{2,}", text.strip()) if piece]
