"""Personal data: what has the form and the check digits goes, what looks alike stays; values are in no result."""

import ipaddress
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.edit.pii import pii
from tasks.score.pii_counts import pii_counts
from tasks.text.batch import TextBatch
from tasks.text.pii import KINDS, find_pii
from tests.units.edit.editing import check, edited

FOUND = {
    "email": (
        *(
            "someone@example.com",
            "first.last+tag@mail.example.co.uk",
            "o'neil@example.org",
            "x_1@sub-domain.example.de",
        ),
    ),
    "phone": (
        *("+49 30 1234567", "+442079460958", "+1 (212) 555-0187", "(212) 555-0187", "212-555-0187", "212.555.0187"),
        *("1-800-555-0199", "020 7946 0958", "0171/1234567", "06 12 34 56 78", "212 555 0187"),
    ),
    "ip_address": ("8.8.8.8", "151.101.1.69", "2001:4860:4860::8888", "2a00:1450:4001:81b:0:0:0:200e"),
    # The test numbers that the card schemes publish.
    "card": (
        *("4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "3782 822463 10005"),
        *("6011111111111117", "30569309025904", "3530111333300000", "2223003122003222"),
    ),
    # The examples of the registry of ISO 13616.
    "iban": (
        *("GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "NO9386011117947"),
        *("FR14 2004 1010 0505 0001 3M02 606", "SA03 8000 0000 6080 1016 7519", "MT84MALT011000012345MTLCAST001S"),
    ),
    "key": (
        "AKIAIOSFODNN7EXAMPLE",  # of Amazon's manual
        "ghp_" + "aB3" * 12,
        "xoxb-123456789012-" + "aB3" * 8,
        "eyJ" + "aB3" * 9 + ".eyJ" + "aB3" * 9 + "." + "aB_" * 9,
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ),
}
LEFT = (
    *("user@localhost", "@handle", "a @ b.com", "me@.com", "x@y.z", "12@34.56", "decorated\n@app.route"),
    *("10.0.0.1", "192.168.1.1", "127.0.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "0.0.0.0", "255.255.255.255"),
    *(
        "1.2.3.4.5",
        "256.1.1.1",
        "v8.8.4.4",
        "version 8.8.4.4",
        "Sections 4.1.2.3",
        "08.8.8.8",
        "lib-1.2.0.4",
        "8.8.8.8a",
    ),
    *("::1", "fe80::1", "2001:db8::1", "std::vector", "a::b", "12:30:45", "face:b00c", "fc00::1", "1:2:3"),
    *(
        "4111111111111112",
        "1234567812345678",
        "4111 1111 1111 1112",
        "0.4111111111111111",
        "94111111111111111",
        "0000000000000000",
    ),
    *("GB82WEST12345698765431", "DE8937040044053201300", "XX82WEST12345698765432", "aGB82WEST12345698765432"),
    *(
        "2024-01-02 12:30:45",
        "01.02.2024",
        "01/02/2024",
        "1234567890",
        "123 456 7890",
        "$1,234,567,890",
        "3.14159265358979",
    ),
    *(
        "ISBN 0-306-40615-2",
        "978-3-16-148410-0",
        "/212-555-0187",
        "id=212-555-0187",
        "12 34 56 78 90 12",
        "+12345678",
        "-+4294967296*t",
    ),
    *(
        "212 555 0187 212 555 0187",
        "5130 5140 5150 5160 5170 5180",
        "0x1F600",
        "1e-10",
        "AKIA" + "A" * 15,
        "sk-" + "a-" * 30,
    ),
    *("AKIA1" + "A" * 20, "-----BEGIN PRIVATE KEY-----\nand no end", "-----BEGIN PUBLIC KEY-----", "# ghp_short"),
)


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize(
    "around", ["{}", "Write to {}, or not.", "<{}>", "漢字{}漢字", "a\n{}\nb", '("{}")', "it: {}; 7"]
)
def test_what_has_the_form_is_replaced(kind: str, around: str) -> None:
    texts = [around.format(value) for value in FOUND[kind]]
    assert edited(pii, *texts) == [around.format(f"<{kind.upper()}>")] * len(texts)
    counts = pii_counts(TextBatch(pa.array(texts, pa.large_string())))
    assert counts["pii_spans"].tolist() == [1] * len(texts)
    assert [sum(values) for values in counts.values()].count(len(texts)) == 2


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_alike_stays(text: str) -> None:
    assert edited(pii, text, f"So {text} it is.") == [text, f"So {text} it is."]


def luhn(number: str) -> bool:
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(number))]
    return sum(sum(map(int, str(value))) for value in doubled) % 10 == 0


@given(st.from_regex(r"4[0-9]{15}", fullmatch=True))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_card_has_the_check_digit_of_luhn(number: str) -> None:
    assert (edited(pii, number, kinds=("card",)) == ["<CARD>"]) == luhn(number)


def whole(account: str) -> int:
    return int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97


@given(st.from_regex(r"DE[0-9]{20}", fullmatch=True), st.integers(0, 21))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_an_account_has_remainder_one(account: str, _: int) -> None:
    account = account[:2] + "00" + account[4:]
    valid = account[:2] + f"{98 - whole(account):02}" + account[4:]
    assert whole(valid) == 1
    for text in (valid, valid[:2] + f"{(int(valid[2:4]) + 1) % 97:02}" + valid[4:]):
        assert (edited(pii, text, kinds=("iban",)) == ["<IBAN>"]) == (whole(text) == 1)


@given(st.ip_addresses())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_address_is_replaced_if_it_can_be_reached(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    reached = address.is_global and not address.is_multicast
    if address.version == 6:
        reached = reached and address in ipaddress.ip_network("2000::/3")
    text = f"from {address} on"
    assert (edited(pii, text, kinds=("ip_address",)) != [text]) == reached


@given(st.lists(st.text(alphabet="ab@.:-+( )01459AKDEé\n", max_size=40), max_size=4))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_spans_are_apart_and_each_text_is_by_itself(texts: list[str]) -> None:
    batch = TextBatch(pa.array(texts, pa.large_string()))
    rows = find_pii(batch)
    check(batch, pii(batch))
    assert (rows[1:, 2] >= rows[:-1, 3]).all()
    assert edited(pii, *texts) == [edited(pii, text)[0] for text in texts]


def test_fakes_are_stable_reach_no_one_and_hide_the_value() -> None:
    texts = [value for values in FOUND.values() for value in values]
    once, again = edited(pii, *texts, style="fake"), edited(pii, *reversed(texts), style="fake")[::-1]
    assert once == again != edited(pii, *texts, style="fake", salt="another")
    assert edited(pii, *once) == edited(pii, *edited(pii, *once, style="fake"))
    for text, fake in zip(texts, once, strict=True):
        assert fake != text and len(fake) < 30
        address = re.fullmatch(r"[0-9.]{7,}|[0-9a-f:]*::[0-9a-f:]*", fake)
        assert not address or not ipaddress.ip_address(fake).is_global


def test_kinds_can_be_chosen_and_reasons_hold_no_value() -> None:
    text = "someone@example.com, 8.8.8.8, 212-555-0187"
    assert edited(pii, text, kinds=("phone",)) == ["someone@example.com, 8.8.8.8, <PHONE>"]
    spans = pii(TextBatch(pa.array([text])))
    assert set(spans.reasons.to_pylist()) == {"email", "ip_address", "phone"} < set(KINDS)
