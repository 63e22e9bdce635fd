"""What lists say of a document's address: blocked domains and addresses, hard, soft and part words.

The address is compared in lower case throughout; in the filter that these rules come from, hard and soft words miss
``/PORN/``. A domain is blocked with everything below it: the host and every parent domain are looked up, which needs no
list of public suffixes (a list that names ``co.uk`` means all of it). No list comes with Gristmill.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.recipe import FilePath
from schemas.table import Column
from tasks.score._lists import read_list
from tasks.text.batch import TextBatch
from tasks.text.terms import automaton, count_terms

NEEDS = ("url",)
COLUMNS = (
    Column("url_known", "BIGINT", "1 if the document has an address, else 0"),
    Column("url_blocked_domain", "BIGINT", "1 if the host or a domain above it is listed, else 0"),
    Column("url_listed", "BIGINT", "1 if the address itself is listed, else 0"),
    Column("url_hard_words", "BIGINT", "how many hard words are words of the address"),
    Column("url_soft_words", "BIGINT", "how many soft words are words of the address"),
    Column("url_sub_words", "BIGINT", "how many part words stand in the address without what is no letter or digit"),
)
# User, host and port of an address, with or without a scheme.
AUTHORITY = r"^(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:@]*)"
BETWEEN = "[^a-z0-9]+"
_MOST_LABELS = 127


def url_rules(
    batch: TextBatch,
    *,
    domains: FilePath | None = None,
    urls: FilePath | None = None,
    hard_words: FilePath | None = None,
    soft_words: FilePath | None = None,
    sub_words: FilePath | None = None,
) -> dict[str, np.ndarray]:
    """Look a document's address up in lists of domains, addresses and words; 0 where there is no address or no list.

    Each list is a text file with one entry per line (``#`` begins a comment). Words of an address are what stands
    between its characters that are neither letters nor digits of ASCII; part words are looked for in what is left
    without these characters.

    Source: Penedo et al. 2023, arXiv:2306.01116, section G.1; datatrove 0.10.1, pipeline/filters/url_filter.py.
    """
    given = batch.field("url")
    known = pc.fill_null(pc.not_equal(given, ""), False)
    address = pc.utf8_lower(pc.fill_null(given, ""))
    hard, soft = _distinct(address, (read_list(hard_words), read_list(soft_words)))
    return {
        "url_known": _numbers(known),
        "url_blocked_domain": _blocked(address, read_list(domains)),
        "url_listed": _numbers(pc.is_in(given, pa.array(read_list(urls), pa.string()))) * _numbers(known),
        "url_hard_words": hard,
        "url_soft_words": soft,
        "url_sub_words": _parts(address, read_list(sub_words)),
    }


def _numbers(values: pa.Array) -> np.ndarray:
    return np.asarray(values.cast(pa.int64()))


def _normal(entries: tuple[str, ...]) -> pa.Array:
    """The entries as they are compared: lower case, letters and digits only."""
    return pc.replace_substring_regex(pc.utf8_lower(pa.array(entries, pa.string())), BETWEEN, "")


def _blocked(address: pa.Array, domains: tuple[str, ...]) -> np.ndarray:
    found = np.zeros(len(address), bool)
    if not domains:
        return found.astype(np.int64)
    listed = pc.utf8_trim(pc.utf8_lower(pa.array(domains, pa.string())), characters=".")
    host = pc.fill_null(pc.struct_field(pc.extract_regex(address, AUTHORITY), "host"), "")
    host = pc.utf8_trim(host, characters=".")
    for _ in range(_MOST_LABELS):
        found |= np.asarray(pc.and_(pc.is_in(host, listed), pc.not_equal(host, "")))
        shorter = pc.replace_substring_regex(host, r"^[^.]*(\.|$)", "")
        if not pc.any(pc.not_equal(shorter, "")).as_py():
            break
        host = shorter
    return found.astype(np.int64)


def _distinct(address: pa.Array, lists: tuple[tuple[str, ...], ...]) -> list[np.ndarray]:
    """Count the entries of each list that are words of each address."""
    if not any(lists):
        return [np.zeros(len(address), np.int64) for _ in lists]
    words = pc.split_pattern_regex(address, BETWEEN)
    document = np.asarray(pc.list_parent_indices(words))
    spelled = pc.list_flatten(words).dictionary_encode()
    pairs = np.unique(document * np.int64(max(len(spelled.dictionary), 1)) + np.asarray(spelled.indices))
    document, word = np.divmod(pairs, max(len(spelled.dictionary), 1))
    counts = []
    for entries in lists:
        listed = np.asarray(
            pc.and_(pc.is_in(spelled.dictionary, _normal(entries)), pc.not_equal(spelled.dictionary, ""))
        )
        counts.append(np.bincount(document[listed[word]], minlength=len(address)).astype(np.int64))
    return counts


def _parts(address: pa.Array, entries: tuple[str, ...]) -> np.ndarray:
    if not entries:
        return np.zeros(len(address), np.int64)
    plain = pc.replace_substring_regex(address, BETWEEN, "")
    distinct, _ = count_terms(TextBatch(plain), automaton(_normal(entries).to_pylist()))
    return distinct
