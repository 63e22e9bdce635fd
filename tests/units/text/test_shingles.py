import numpy as np

from tasks.text.segment import SYMBOLS
from tasks.text.shingles import jaccard, shingles
from tests.data import texts
from tests.units.text.oracles import HOSTILE, absorb, batch, mix


def test_shingles_against_plain_python() -> None:
    documents = (*texts(20), *HOSTILE)
    found = batch(*documents)
    values, offsets = shingles(found, 5)
    assert (np.diff(offsets) >= 1).all()
    for i in range(len(documents)):
        span = slice(found.words.offsets[i], found.words.offsets[i + 1])
        content = found.words.hashes[span][found.words.flags[span] & SYMBOLS == 0].tolist()
        expected = set()
        for first in range(len(content) - 4):
            state = 0x243F6A8885A308D3
            for word in content[first : first + 5]:
                state = absorb(state, word)
            expected.add(mix(state))
        if expected:
            assert values[offsets[i] : offsets[i + 1]].tolist() == sorted(expected)


def test_jaccard_against_sets() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        left, right = (np.unique(random.integers(0, 60, 30).astype(np.uint64)) for _ in range(2))
        assert jaccard(left, right) == len(set(left) & set(right)) / len(set(left) | set(right))
    empty = np.zeros(0, np.uint64)
    assert jaccard(empty, empty) == 1.0 and jaccard(empty, left) == 0.0
