"""Which kinds of characters a text is made of: the quantities of the usual character filters.

Peers give an empty text the value that drops it; here it has 0 for every share, as it has elsewhere.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.characters import KINDS, address_bytes, count_address_characters, count_kinds, kinds_of_ascii
from tasks.text.shares import share

COLUMNS = (
    Column(
        "non_plain_share", "DOUBLE", "share of characters but letters and digits of ASCII, line feeds and ? ! , and ."
    ),
    Column("blank_share", "DOUBLE", "share of characters that are spaces, tabs, line ends or backspaces"),
    Column("bracket_share", "DOUBLE", "share of characters that are round, square, curly or mathematical brackets"),
    Column("non_ascii_share", "DOUBLE", "share of characters that are not ASCII"),
    Column("address_share", "DOUBLE", "share of characters that belong to an http:// or https:// address"),
)
NAMES = ("non_plain_share", "blank_share", "bracket_share", "non_ascii_share")


def character_ratios(batch: TextBatch) -> dict[str, np.ndarray]:
    """White space, brackets, addresses and what is not plain, as shares of a document's characters.

    Digits, and letters and numbers, are shares of ``code_shape``.

    Source: NVIDIA NeMo Curator, github.com/NVIDIA-NeMo/Curator, stages/text/filters/heuristic/string.py; Longpre
    et al. 2023, arXiv:2305.13169 (share of non-ASCII characters).

    >>> import pyarrow as pa
    >>> found = character_ratios(TextBatch(pa.array(["(12) abcd\\u00e9"])))
    >>> [round(float(found[name][0]), 1) for name in ("bracket_share", "non_ascii_share")]
    [0.2, 0.1]
    """
    counts = count_kinds(batch.data, batch.offsets, kinds_of_ascii())
    characters = batch.characters
    found = {name: counts[:, i] for i, name in enumerate(KINDS)}
    found["plain"] = characters - found["plain"]
    shares = {name: share(found[kind], characters) for name, kind in zip(NAMES, KINDS, strict=True)}
    addresses = count_address_characters(batch.data, batch.offsets, address_bytes())
    return {**shares, "address_share": share(addresses, characters)}
