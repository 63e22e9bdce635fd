"""Which documents are held out: groups of them, so that nothing of a group is on both sides."""

from collections import Counter
from hashlib import blake2b
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.draw import uniform
from tasks.score._learning import FOLDS

LARGEST = 0.05  # share of the documents: a larger host is held out document by document
FEW = 5  # documents of one host that are kept together however small their source is
ALIKE = 0x9E3779B97F4A7C15


def groups(documents: pa.Table) -> NDArray[np.uint64]:
    """Return the group of each document: its host, or itself where it has no url; documents of one text are together.

    A host of more than a twentieth of the documents, or of those of a source, would take these along as a whole, so its
    documents stand alone.
    """
    hosts = [_host(url) for url in documents["url"].to_pylist()]
    sources = documents["source"].to_pylist()
    of_host, of_both, of_source = Counter(hosts), Counter(zip(hosts, sources, strict=True)), Counter(sources)
    large = {host for host, count in of_host.items() if count > LARGEST * len(hosts)}
    large |= {host for (host, source), count in of_both.items() if count > max(LARGEST * of_source[source], FEW)}
    names = [host if host and host not in large else "" for host in hosts]
    texts = pc.dictionary_encode(documents["text"].combine_chunks()).indices.to_numpy()
    first = documents["doc_id"].to_numpy()[np.unique(texts, return_index=True)[1]]
    known = {name: int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) for name in set(names)}
    return np.array([known[name] if name else first[text] for name, text in zip(names, texts, strict=True)], np.uint64)


def held_out(groups: NDArray[np.uint64], share: float, seed: int) -> NDArray[np.bool_]:
    """Say which members of groups are held out: about ``share`` of the groups."""
    return uniform(groups, seed) < share


def folds(groups: NDArray[np.uint64], seed: int) -> NDArray[np.int64]:
    """Return the fold of each member of groups, from 0 to 4."""
    return (uniform(groups ^ np.uint64(ALIKE), seed) * FOLDS).astype(np.int64)


def _host(url: str | None) -> str:
    if not url:
        return ""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
