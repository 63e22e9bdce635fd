from tasks.text.repeats import ngram_repeats, repeated
from tasks.text.segment import OVERLAPPING
from tests.data import texts
from tests.units.text.oracles import HOSTILE, batch, duplicate, paragraphs, repeats, top


def test_ngram_repeats_against_plain_python() -> None:
    documents = (*texts(), *HOSTILE)
    found = batch(*documents)
    tops, duplicates = ngram_repeats(found.words)
    for i in range(len(documents)):
        span = range(found.words.offsets[i], found.words.offsets[i + 1])
        if any(found.words.flags[j] & OVERLAPPING for j in span):
            continue
        tokens = [found.word(j) for j in span]
        assert tops[i].tolist() == [top(tokens, n) for n in (2, 3, 4)]
        assert duplicates[i].tolist() == [duplicate(tokens, n) for n in range(5, 11)]


def test_overlapping_pairs_never_count_a_character_twice() -> None:
    text = "我们的大学在北京" * 20
    _, duplicates = ngram_repeats(batch(text).words)
    assert 0 < duplicates.max() <= len(text)


def test_repeated_pieces_against_plain_python() -> None:
    documents = (*texts(), *HOSTILE, "a b c\n\na b c\n\nd e f")
    found = batch(*documents)
    counts, characters = repeated(found.paragraphs)
    assert [*zip(counts.tolist(), characters.tolist(), strict=True)] == [
        repeats(paragraphs(text)) for text in documents
    ]
