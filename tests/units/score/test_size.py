from tasks.score.size import size
from tests.units.text.oracles import batch


def test_size_of_small_texts() -> None:
    found = size(batch("", "One. Two! Three", "Mr. J. Smith has 3.5 e.g. ... dots", "a\nb\n\n", '"Yes." (No.) Yes'))
    assert found["words"].tolist() == [0, 5, 8, 2, 9]
    assert found["lines"].tolist() == [0, 1, 1, 3, 1]
    assert found["sentences"].tolist() == [0, 3, 1, 1, 3]
