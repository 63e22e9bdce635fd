"""Metadata before documents: the right one, not in the loss, not in the cool-down; hosts as the web has them."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecipeError
from tasks import units
from tasks.probe import probe
from tasks.transform._hosts import host
from tasks.transform._pieces import attending
from tasks.transform.metadata_prefix import NEEDS, metadata_prefix, special_tokens, undo
from tests.units.transform.made import (
    VOCABULARY,
    documents_of,
    encode,
    items,
    packed,
    per_token,
    position_ids,
    sizes,
    tokens,
    valid,
)


def documents(table: pa.Table, urls: list[str | None] | None = None) -> pa.Table:
    """The documents of contexts, each with an address."""
    found = documents_of(table)
    rows = found.num_rows
    given = {name: [f"{name} {i}" for i in range(rows)] for name in NEEDS}
    given["url"] = urls if urls is not None else [f"https://h{i}.example.org/{i}" for i in range(rows)]
    for name, values in given.items():
        found = found.append_column(name, pa.array(values, pa.string()))
    return found


def prefixed(table: pa.Table, urls: list[str | None] | None = None, **given: Any) -> pa.Table:
    """The transform, without a cool-down unless asked for."""
    settings = {"seed": 1, "cooldown": 0.0, **given}
    return metadata_prefix(table, documents=documents(table, urls), encode=encode, vocabulary=VOCABULARY, **settings)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.org", "example.org"),
        ("https://www.Example.ORG/Path?q#f", "www.example.org"),
        ("HTTPS://EXAMPLE.ORG:443", "example.org"),
        ("https://user:p%40ss@example.org:8080/", "example.org"),
        ("https://a@b@example.org/x@y", "example.org"),
        ("https://example.org?u=http://other.org", "example.org"),
        ("https://example.org#x@other.org", "example.org"),
        ("https://example.org\\@other.org", "example.org"),
        ("https://example.org.", "example.org"),
        ("//example.org/x", "example.org"),
        ("example.org/x", "example.org"),
        ("example.org:8080/x", "example.org"),
        ("  https://example.org \n", "example.org"),
        ("ftp://ftp.example.org/x", "ftp.example.org"),
        ("https://192.168.0.1:80/", "192.168.0.1"),
        ("http://[2001:DB8:0:0:0:0:0:1]:80/", "[2001:db8::1]"),
        ("http://u@[::FFFF:1.2.3.4]/", "[::ffff:102:304]"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://BÜCHER.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://例え.jp", "xn--r8jz45g.jp"),
        ("https://ex%61mple.org", "example.org"),
        ("https://my_host.example.org", "my_host.example.org"),
        ("mailto:someone@example.org", None),
        ("data:text/plain,x", None),
        ("http://[1::2::3]/", None),
        ("http://[::1", None),
        ("http://example.org:port/", None),
        ("http://a b/", None),
        ("https:///path", None),
        ("", None),
        (None, None),
    ],
)
def test_hosts(url: str | None, expected: str | None) -> None:
    assert host(url) == expected


@given(st.text(max_size=40))
def test_any_text_has_a_host_that_is_its_own_or_none(text: str) -> None:
    found = host(text)
    assert found is None or host(f"https://u:p@{found}:1/x") == found


def test_a_document_token_by_token() -> None:
    table = items([3])
    (context,) = tokens(made := valid(prefixed(table, ["http://me@A.example:1/b"])))
    doc = table["doc_id"][0].as_py()
    assert context == [*b"URL: a.example\n\n", (doc, 0), (doc, 1), (doc, 2)]
    assert per_token(made, "loss_weight") == [[0] * 16 + [1] * 3]
    assert per_token(prefixed(table, mask_loss=False), "loss_weight")[0][0] == 1


@given(
    drawn=sizes,
    seed=st.integers(0, 5),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    drop=st.sampled_from(["absent", "mask"]),
)
def test_taking_it_out_gives_the_contexts_back(drawn: list[list[int]], seed: int, share: float, drop: Any) -> None:
    for attention in ("document", "context"):
        table = attending(packed(drawn), attention)
        made = valid(prefixed(table, seed=seed, probability=share, drop=drop))
        assert undo(made).equals(table)
        assert all(ids == list(range(len(ids))) for ids in position_ids(made)) or attention == "document"
        assert attending(made, attention)["position_offset"].equals(made["position_offset"])


@given(drawn=sizes, seed=st.integers(0, 5), cooldown=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_no_loss_on_metadata_and_none_in_the_cooldown(drawn: list[list[int]], seed: int, cooldown: float) -> None:
    table = packed(drawn)
    made = prefixed(table, seed=seed, cooldown=cooldown)
    total, before = sum(map(sum, drawn)), 0
    for size, context, weights in zip(map(sum, drawn), tokens(made), per_token(made, "loss_weight"), strict=True):
        metadata = [not isinstance(token, tuple) for token in context]
        assert [weight == 0 for weight in weights] == metadata
        assert any(metadata) == (before < (1 - cooldown) * total)
        before += size


def test_fragments_get_none_and_unknown_fields_neither() -> None:
    assert prefixed(packed([[5]], fragments=True)).equals(packed([[5]], fragments=True))
    assert prefixed(items([5, 6]), [None, "mailto:x@y"]).equals(items([5, 6]))


def test_masks_have_one_length_whatever_they_hide() -> None:
    table = items([5, 6, 7])
    urls = ["https://a.org", "https://very-long-name.example.org", None]
    made = prefixed(table, urls, probability=0.0, drop="mask", mask_length=4)
    mask = special_tokens(vocabulary=VOCABULARY, drop="mask")["mask"]
    assert [context[:5].count(mask) for context in tokens(made)] == [4, 4, 4]


def test_templates_and_hashes() -> None:
    table = items([1, 1])
    urls = ["https://x.org/1", "https://x.org/2"]
    found = [bytes(context[:-1]).decode() for context in tokens(prefixed(table, urls, template="{source}|{suffix}: "))]
    assert found == ["source 0|org: ", "source 1|org: "]
    first, second = (context[:-1] for context in tokens(prefixed(table, urls, template="{host}", hashed=True)))
    assert first == second and len(first) == 8 and int(bytes(first), 16)
    unit = units.unit("transform", "metadata_prefix")
    for wrong, said in [
        ({"template": "{hst}"}, "did you mean 'host'"),
        ({"template": "{host"}, "cannot be read"),
        ({"cooldown": 2}, "got 2"),
    ]:
        with pytest.raises(RecipeError, match=said):
            probe(unit, unit.resolve(wrong))


def test_contexts_are_cut_to_the_length_given() -> None:
    table = packed([[10, 20], [5]])
    whole = prefixed(table)
    made = valid(prefixed(table, context_length=32))
    assert tokens(made) == [context[:32] for context in tokens(whole)]


def test_contexts_of_the_pack_step_are_cut_to_the_longest_unless_a_length_is_given() -> None:
    table = packed([[10, 20], [5]])
    whole = tokens(prefixed(table))
    assert max(map(len, whole)) > 32
    assert tokens(valid(prefixed(table, packed=True))) == [context[:30] for context in whole]
    assert tokens(prefixed(table, packed=True, context_length=32)) == [context[:32] for context in whole]


def test_as_many_as_asked_for_the_same_wherever_they_are() -> None:
    table = items([2] * 4000)
    made = prefixed(table, probability=0.25)
    assert sum(len(context) > 2 for context in tokens(made)) / 4000 == pytest.approx(0.25, abs=0.03)
