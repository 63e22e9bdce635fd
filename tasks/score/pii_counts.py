"""How many things that name a person or an account a text holds, by kind.

A page with many of them is a directory rather than a text: Dolma drops documents with six or more. Numbers are judged
by form and check digits; what they are stays in the text and is in no table.
"""

import numpy as np

from schemas.table import Column
from tasks.text.batch import TextBatch
from tasks.text.pii import KINDS, find_pii

COLUMNS = (
    Column("emails", "BIGINT", "mail addresses"),
    Column("phones", "BIGINT", "phone numbers"),
    Column("ip_addresses", "BIGINT", "network addresses that can be reached from everywhere, of version 4 and 6"),
    Column("cards", "BIGINT", "numbers of payment cards"),
    Column("ibans", "BIGINT", "international bank account numbers"),
    Column("keys", "BIGINT", "access keys and private keys"),
    Column("pii_spans", "BIGINT", "all of these together"),
)


def pii_counts(batch: TextBatch) -> dict[str, np.ndarray]:
    """Mail addresses, phone numbers, network addresses, cards, bank accounts and keys in a document.

    What counts is what the editor pii replaces.

    Source: Soldaini et al. 2024, arXiv:2402.00159, section 5.3, for the idea; the forms are Gristmill's own.
    """
    rows = find_pii(batch)
    counts = np.zeros((len(batch), len(KINDS)), np.int64)
    np.add.at(counts, (rows[:, 0], rows[:, 1]), 1)
    found = {column.name: counts[:, kind].copy() for kind, column in enumerate(COLUMNS[:-1], 1)}
    return {**found, "pii_spans": counts.sum(axis=1)}
