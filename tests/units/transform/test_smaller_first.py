"""Short documents before long ones, with what is said of them."""

import pyarrow as pa
from hypothesis import given

from tasks.transform._pieces import attending, lists_of, pieces
from tasks.transform.smaller_first import smaller_first
from tests.units.transform.made import packed, per_token, position_ids, settled, sizes, tokens, valid


@given(drawn=sizes)
def test_documents_are_whole_and_sorted_by_length(drawn: list[list[int]]) -> None:
    table = packed(drawn)
    made = valid(smaller_first(table))
    assert settled(made).equals(settled(table))
    for before, after in zip(drawn, tokens(made), strict=True):
        ids = [doc_id for doc_id, _ in after]
        order = list(dict.fromkeys(ids))
        assert [ids.count(doc_id) for doc_id in order] == sorted(before)


def test_what_is_inserted_goes_along_and_each_document_counts_anew() -> None:
    table = pieces(
        context_id=[0] * 4,
        position=range(4),
        doc_id=pa.array([5, 6, None, 7], pa.uint64()),
        copy=[0] * 4,
        start=[0, 0, 0, 2],
        stop=[9, 2, 0, 5],
        inserted=lists_of([[300, 301]], pa.array([2]).to_numpy(), 4),
        role=["text", "text", "metadata", "text"],
    )
    made = valid(smaller_first(attending(table, "document")))
    assert made["doc_id"].to_pylist() == [6, None, 7, 5]
    assert per_token(made, "attention") == [[1] * 2 + [2] * 5 + [0] * 9]
    assert position_ids(made) == [[*range(2), *range(5), *range(9)]]
    assert position_ids(smaller_first(attending(table, "context"))) == [list(range(16))]
