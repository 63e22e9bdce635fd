"""Rules over addresses against datatrove's filter; see ``addresses``."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import InputError
from tasks.filter.url_quality import url_quality
from tasks.score import _lists
from tasks.score.url_rules import COLUMNS, url_rules
from tasks.text.batch import TextBatch
from tests.benchmarks._agreement import kept
from tests.units.score.addresses import LISTS

EXPECTED = json.loads(Path(__file__).with_name("addresses.json").read_text(encoding="utf-8"))
REASONS = {
    "domain": "url_blocked_domain",
    "subdomain": "url_blocked_domain",
    "url": "url_listed",
    "hard_blacklisted": "url_hard_words",
    "soft_blacklisted": "url_soft_words",
    "blacklisted_subword": "url_sub_words",
}
# Ours block what is below a listed host, and numbers that are listed; datatrove knows no host in numbers.
LISTED_OTHERWISE = ("x.sub.worse.org", "www.sub.worse.org", "10.0.0.1")


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("lists")
    for name, entries in LISTS.items():
        (folder / name).write_text("# a list\n\n" + "\n".join(entries) + "\n", encoding="utf-8")
    return {name: str(folder / name) for name in LISTS}


def batch(*urls: str | None) -> TextBatch:
    texts = pa.array(["text"] * len(urls), pa.large_string())
    return TextBatch(texts, pa.table({"url": pa.array(urls, pa.string())}))


def test_decisions_are_those_of_datatrove(lists: dict[str, str]) -> None:
    found = url_rules(batch(*(url for url, _ in EXPECTED)), **lists)
    for row, (url, reason) in enumerate(EXPECTED):
        values = {name: int(column[row]) for name, column in found.items()}
        ours = all(kept(rule, values) for rule in url_quality.rules)
        if reason is True and any(host in url for host in LISTED_OTHERWISE):
            assert values["url_blocked_domain"] == 1 or ours, url
        else:
            assert ours == (reason is True), (url, reason, values)
            assert reason is True or values[REASONS[reason]] > 0, (url, reason, values)


def test_case_does_not_help(lists: dict[str, str]) -> None:
    shouted = ["http://a.com/PORN/x", "http://WWW.BAD.COM/", "http://a.com/WebCam/ESCORT", "http://a.com/Poker-ROOM"]
    found = url_rules(batch(*shouted), **lists)
    assert found["url_hard_words"].tolist() == [1, 0, 0, 0]
    assert found["url_blocked_domain"].tolist() == [0, 1, 0, 0]
    assert found["url_soft_words"].tolist() == [0, 0, 2, 0]
    assert found["url_sub_words"].tolist() == [0, 0, 0, 1]


def test_words_count_once_each_and_not_inside_others(lists: dict[str, str]) -> None:
    found = url_rules(batch("http://a.com/free/free-girls", "http://a.com/pornography"), **lists)
    assert found["url_soft_words"].tolist() == [2, 0] and found["url_hard_words"].tolist() == [0, 0]


def test_without_an_address_or_a_list_nothing_is_found(lists: dict[str, str]) -> None:
    for found in (url_rules(batch(None, ""), **lists), url_rules(TextBatch(pa.array(["a", "b"])), **lists)):
        assert [values.tolist() for values in found.values()] == [[0, 0]] * len(COLUMNS)
    found = url_rules(batch("http://bad.com/porn"))
    assert {name: int(values[0]) for name, values in found.items() if values[0]} == {"url_known": 1}


def test_odd_addresses_are_no_error(lists: dict[str, str]) -> None:
    odd = ["http://", "://", "a", ".", "http://.../", "http://[", "http://" + "a." * 500 + "bad.com", "\x00", "é.com/é"]
    found = url_rules(batch(*odd), **lists)
    assert found["url_known"].tolist() == [1] * len(odd)
    assert all(np.isfinite(values).all() for values in found.values())


def test_a_missing_list_is_named() -> None:
    with pytest.raises(InputError, match="no_such_list"):
        url_rules(batch("http://a.com"), domains="no_such_list.txt")


def test_long_lists_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lists, "_CHUNK", 2)
    names = [f"Host{i}.example" for i in range(5)]
    (tmp_path / "domains").write_text("\n".join(names))
    found = url_rules(
        batch(*(f"http://a.{name}/" for name in [*names, "host5.example"])), domains=str(tmp_path / "domains")
    )
    assert found["url_blocked_domain"].tolist() == [1] * 5 + [0]
