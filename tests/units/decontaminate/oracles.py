"""The decontaminators said again in plain Python, one text at a time: slow, and meant to be obviously right."""

import math
import re
import string
import unicodedata
from collections import defaultdict

import pyarrow as pa

from tasks.decontaminate._handling import ITEMS
from tasks.text import TextBatch
from tasks.text.segment import SYMBOLS

SEPARATORS = ".,،٫⎖⎗⎘"
BEYOND_ASCII = "«´»–—’“”„…∶━►、。〈〉《》「」【】！％（），．：；？～"
Gram = tuple[str, ...]


def table(rows: list[tuple[str, list[str]]]) -> pa.Table:
    """Items of one evaluation set from their questions and answers."""
    given = [
        {"evaluation": "set.jsonl", "item": str(i), "question": question, "answers": answers}
        for i, (question, answers) in enumerate(rows)
    ]
    return pa.Table.from_pylist(given, schema=ITEMS)


def batch(*texts: str) -> TextBatch:
    """The texts as a batch."""
    return TextBatch(pa.array(texts, pa.large_string()))


def simplified(text: str) -> str:
    """What datatrove makes of a text, without white space at its ends and with single spaces."""
    text = text.lower()
    digit = lambda c: unicodedata.category(c) == "Nd"  # noqa: E731
    found, i = "", 0
    while i < len(text):
        j = i
        while j < len(text) and digit(text[j]):
            j += 1
        if j == i:
            found, i = found + text[i], i + 1
            continue
        if j + 1 < len(text) and text[j] in SEPARATORS and digit(text[j + 1]):
            j += 1
            while j < len(text) and digit(text[j]):
                j += 1
        found, i = found + "0", j
    control = {chr(p) for p in (*range(32), *range(127, 160))}
    found = "".join(" " if c in string.punctuation or c in BEYOND_ASCII or c in control else c for c in found)
    found = re.sub(r"\s+", " ", found)
    return "".join(c for c in unicodedata.normalize("NFD", found) if unicodedata.category(c) != "Mn").strip()


def plain(text: str) -> list[str]:
    """The text engine's words but those of symbols alone, by hash: what is tested here is what is made of them."""
    words = batch(text).words
    kept = [i for i in range(len(words)) if not words.flags[i] & SYMBOLS]
    return [f"{words.hashes[i]:x}" for i in kept]


def janitor(text: str) -> list[str]:
    """What white space separates, lower case in ASCII and without ASCII punctuation; "" for punctuation alone."""
    lower = str.maketrans(string.ascii_uppercase, string.ascii_lowercase, string.punctuation)
    return [word.translate(lower) for word in text.split()]


WORDS = {"plain": plain, "janitor": janitor}


def grams(words: list[str], n: int) -> list[Gram]:
    """The n-grams of words, in order."""
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def item_grams(question: str, answers: list[str], variant: str, n: int, whole: bool) -> set[Gram]:
    """The n-grams of one item that are looked for."""
    cut = WORDS[variant]
    asked = [word for word in cut(question) if word]
    found = set(grams(asked, n)) if whole else set()
    for answer in answers:
        given = [word for word in cut(answer) if word]
        found |= set(grams(given, n))
        found |= {
            tuple(asked[len(asked) - k :] + given[: n - k])
            for k in range(1, n)
            if len(asked) >= k and len(given) >= n - k
        }
    return found


def shares(text: str, rows: list[tuple[str, list[str]]], variant: str, n: int, whole: bool) -> dict[int, float]:
    """The items of which a text holds an n-gram, with the share of their n-grams that it holds."""
    held = set(grams(WORDS[variant](text), n))
    sought = [item_grams(question, answers, variant, n, whole) for question, answers in rows]
    return {i: len(mine & held) / len(mine) for i, mine in enumerate(sought) if mine & held}


def clusters(text: str, rows: list[tuple[str, list[str]]], n: int, stride: int, misses: int) -> set[tuple]:
    """The clusters of decon's algorithm: (item, first word, end, share of the item's weight), without any limit."""
    asked = [plain(question) for question, _ in rows]
    sought = {
        i: set(grams(words, n)) for i, words in enumerate(asked) if len(words) >= stride + n - 1 and len(set(words)) > 3
    }
    holders = defaultdict(set)
    for i, mine in sought.items():
        for gram in mine:
            holders[gram].add(i)
    weight = {gram: math.log((len(sought) + 1) / len(mine)) for gram, mine in holders.items()}
    text_grams, found, reached = grams(plain(text), n), set(), defaultdict(lambda: -1)
    for place in range(0, len(text_grams), stride):
        active = {i for i in holders.get(text_grams[place], set()) if reached[i] < place}
        if not active:
            continue
        ends = []
        for step in (-1, 1):
            last = at = place
            while 0 <= at + step < len(text_grams) and abs(at - last) < misses:
                at += step
                if holders.get(text_grams[at], set()) & active:
                    last = at
            ends.append(last)
        inside = range(ends[0], ends[1] + 1)
        for i in active:
            mine = [at for at in inside if text_grams[at] in sought[i]]
            held = {text_grams[at] for at in mine}
            part = sum(weight[gram] for gram in held) / sum(weight[gram] for gram in sought[i])
            reached[i] = ends[1]
            found.add((i, mine[0], mine[-1] + n, round(part, 9)))
    return found
