"""What lists say of a document's address: blocked domains and addresses, hard, soft and part words.

The address is compared in lower case throughout; in the filter that these rules come from, hard and soft words miss
``/PORN/``. A domain is blocked with everything below it: the host and every parent domain are looked up, which needs no
list of public suffixes (a list that names ``co.uk`` means all of it). Long lists are kept as hashes of 64 bits: 36 MB
for the 4.6 million domains of the common one. No list comes with Gristmill.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.recipe import FilePath
from schemas.table import Column
from tasks.distinct import distinct
from tasks.score._lists import BETWEEN, EXACT, LOWER, PLAIN, listed, read_keys, read_set, read_terms
from tasks.text.batch import TextBatch
from tasks.text.terms import Terms, count_terms

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


def read_files(
    *,
    domains: FilePath | None,
    urls: FilePath | None,
    hard_words: FilePath | None,
    soft_words: FilePath | None,
    sub_words: FilePath | None,
) -> None:
    """Raise InputError if a file cannot be read."""
    for path, form in ((domains, LOWER), (urls, EXACT)):
        read_keys(path, form)
    for path in (hard_words, soft_words, sub_words):
        read_set(path, PLAIN)


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
    known = np.asarray(pc.fill_null(pc.not_equal(given, ""), False))
    address = pc.utf8_lower(pc.fill_null(given, ""))
    hard, soft = _distinct(address, (read_set(hard_words, PLAIN), read_set(soft_words, PLAIN)))
    return {
        "url_known": known.astype(np.int64),
        "url_blocked_domain": _blocked(address, read_keys(domains, LOWER)),
        "url_listed": listed(pc.fill_null(given, "").to_pylist(), read_keys(urls)).astype(np.int64),
        "url_hard_words": hard,
        "url_soft_words": soft,
        "url_sub_words": _parts(address, read_terms(sub_words, PLAIN)) if sub_words else np.zeros(len(batch), np.int64),
    }


def _blocked(address: pa.Array, domains: np.ndarray) -> np.ndarray:
    """Say of each address whether the hash of its host or of a domain above it is one of ``domains``."""
    host = pc.fill_null(pc.struct_field(pc.extract_regex(address, AUTHORITY), "host"), "")
    hosts = pc.utf8_trim(host, characters=".").dictionary_encode()
    pairs = [(number, name) for number, host in enumerate(hosts.dictionary.to_pylist()) for name in _above(host)]
    found = np.zeros(len(hosts.dictionary) + 1, np.int64)
    hit = listed([name for _, name in pairs], domains)
    np.maximum.at(found, np.array([number for number, _ in pairs], np.int64), hit.astype(np.int64))
    return found[np.asarray(hosts.indices)]


def _above(host: str) -> Iterator[str]:
    """Yield a host and the domains above it.

    >>> list(_above("a.b.com"))
    ['a.b.com', 'b.com', 'com']
    """
    while host:
        yield host
        host = host.partition(".")[2]


def _distinct(address: pa.Array, lists: tuple[frozenset[str], ...]) -> list[np.ndarray]:
    """Count the entries of each list that are words of each address."""
    if not any(lists):
        return [np.zeros(len(address), np.int64) for _ in lists]
    words = pc.split_pattern_regex(address, BETWEEN.pattern)
    spelled = pc.list_flatten(words).dictionary_encode()
    size = max(len(spelled.dictionary), 1)
    pairs = distinct(np.asarray(pc.list_parent_indices(words)) * np.int64(size) + np.asarray(spelled.indices))
    document, word = np.divmod(pairs, size)
    counts = []
    for entries in lists:
        known = np.array([name in entries for name in spelled.dictionary.to_pylist()], bool)
        counts.append(np.bincount(document[known[word]], minlength=len(address)).astype(np.int64))
    return counts


def _parts(address: pa.Array, terms: Terms) -> np.ndarray:
    plain = pc.replace_substring_regex(address, BETWEEN.pattern, "")
    return count_terms(TextBatch(plain), terms)[0]
