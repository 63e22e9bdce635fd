"""Where a document is from, written before it and left out of the loss, so that a model learns what goes with what.

Unlike the published code, whose packer is absent, hosts are parsed (no user, port or case), and documents without
metadata get no prefix. The same prefix is encoded once.
"""

from hashlib import blake2b
from string import Formatter
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import RecipeError, unknown
from schemas.recipe import Count, Share, Whole
from tasks.draw import noise, uniform
from tasks.transform._hosts import host
from tasks.transform._made import (
    Encode,
    flat,
    inserts,
    joined,
    limit_of,
    of_pieces,
    repositioned,
    truncated,
    without,
)
from tasks.transform._pieces import Integers, context_lengths, is_inserted, numbered, owners
from tasks.write._slices import gathered

AFTER_PACK = None
IN_TIME = "cooldown"
DROPS = True
NEEDS = ("url", "source", "domain", "created", "declared_language", "license")
METADATA = "metadata"
FIELDS = ("host", "suffix", *NEEDS)


def check(*, template: str) -> None:
    """Refuse a template that names what nothing is known of."""
    try:
        named = _named(template)
    except ValueError as error:
        raise RecipeError(f"metadata_prefix: the template {template!r} cannot be read: {error}") from None
    for name in sorted(named - set(FIELDS)):
        raise RecipeError(f"metadata_prefix: {unknown('field of the template', name, FIELDS)}")


def _named(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def metadata_prefix(
    contexts: pa.Table,
    *,
    seed: int,
    documents: pa.Table,
    encode: Encode,
    vocabulary: int,
    packed: bool = False,
    template: str = "URL: {host}\n\n",
    probability: Share = 1.0,
    cooldown: Share = 0.1,
    mask_loss: bool = True,
    drop: Literal["absent", "mask"] = "absent",
    mask_length: Whole = 8,
    hashed: bool = False,
    context_length: Count | None = None,
    first_marker: Whole | None = None,
) -> pa.Table:
    """Write metadata before each document's first token, without loss on it (Metadata Conditioning then Cooldown).

    ``template`` may name host, suffix (the host's last label), url, source, domain, created, declared_language and
    license; ``hashed`` puts eight hex digits of a hash in place of their values. Each document has its prefix with
    ``probability``, and none if a field of the template is unknown. One without has nothing there, or, with ``drop:
    mask``, always ``mask_length`` mask tokens (id ``first_marker``, by default ``vocabulary``), so that lengths tell
    nothing. Contexts that begin in the last ``cooldown`` share of tokens stay plain.

    After the pack step (``packed``), where contexts are in the order of training, they lose what is beyond
    ``context_length`` tokens, by default those of the longest: pack to less than that to lose little. Before it nothing
    is lost unless ``context_length`` is given, but a packer that moves documents mixes the cool-down with the rest.

    Source: Gao et al. 2025, arXiv:2501.01956; masks in place of metadata: Higuchi et al. 2025, arXiv:2504.17562.
    """
    contexts = of_pieces(contexts)
    row = _beginnings(contexts, cooldown)
    prefixes = _prefixes(documents, template, hashed)
    doc_id = contexts["doc_id"].to_numpy()[row].astype(np.uint64)
    which = pc.index_in(pa.array(doc_id), documents["doc_id"].combine_chunks().cast(pa.uint64()))
    prefix = prefixes.take(which)
    copy = contexts["copy"].to_numpy()[row].astype(np.uint64)
    chosen = np.asarray(uniform(noise(copy, 3) ^ doc_id, seed) < probability) & prefix.is_valid().to_numpy(False)
    masked = ~chosen if drop == "mask" else np.zeros(len(row), bool)
    row, prefix = row[chosen | masked], pc.if_else(pa.array(masked), None, prefix).filter(pa.array(chosen | masked))
    ids, offsets = _encoded(prefix, encode, mask_length, vocabulary if first_marker is None else first_marker)
    made = inserts(contexts, row, ids, offsets, role=METADATA, loss_weight=float(not mask_loss))
    context, place = contexts["context_id"].to_numpy(), np.arange(contexts.num_rows)
    table = joined((contexts, context, 2 * place + 1), (made, context[row], 2 * place[row]))
    return truncated(table, limit_of(contexts, context_length)) if packed or context_length else table


def undo(contexts: pa.Table) -> pa.Table:
    """Take the metadata out."""
    return repositioned(numbered(without(contexts, METADATA)))


def special_tokens(
    *, vocabulary: int, drop: Literal["absent", "mask"] = "absent", first_marker: Whole | None = None
) -> dict[str, int]:
    """Return the id of the mask token, where it is used."""
    return {"mask": vocabulary if first_marker is None else first_marker} if drop == "mask" else {}


def _beginnings(table: pa.Table, cooldown: float) -> Integers:
    """Return the rows that hold a document's first token, once per context, before the cool-down."""
    size, context = context_lengths(table), table["context_id"].to_numpy()
    conditioned = np.cumsum(size) - size < (1 - cooldown) * size.sum()
    begins = ~is_inserted(table) & (table["start"].to_numpy() == 0) & table["doc_id"].is_valid().to_numpy()
    rows = np.flatnonzero(begins & (conditioned[context] if len(size) else True))
    owner = owners(table)[rows]
    order = np.lexsort([rows, owner, context[rows]])
    new = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(context[rows][order]) != 0))[: len(rows)]
    return np.sort(rows[order[new]])


def _prefixes(documents: pa.Table, template: str, hashed: bool) -> pa.Array:
    """Return each document's prefix, null where a field is unknown."""
    named = _named(template)
    columns = {name: documents[name].to_pylist() for name in named & set(NEEDS)}
    hosts = [host(url) for url in documents["url"].to_pylist()] if named & {"host", "suffix"} else []
    columns |= {"host": hosts} if "host" in named else {}
    columns |= {"suffix": [found and found.rpartition(".")[2] for found in hosts]} if "suffix" in named else {}
    if hashed:
        columns = {name: [value and _hash(value) for value in values] for name, values in columns.items()}
    rows = zip(*columns.values(), strict=True) if columns else [()] * documents.num_rows
    known = (dict(zip(columns, row, strict=True)) if all(row) else None for row in rows)
    return pa.array([None if values is None else template.format(**values) for values in known], pa.string())


def _hash(value: str) -> str:
    return blake2b(value.encode(), digest_size=4).hexdigest()


def _encoded(prefix: pa.Array, encode: Encode, mask_length: int, mask: int) -> tuple[Integers, Integers]:
    """Return the ids of each prefix, those of a mask for null."""
    coded = prefix.dictionary_encode()
    ids, offsets = flat([*encode(coded.dictionary.to_pylist()), np.full(mask_length, mask, np.int32)])
    which = pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy()
    begin, size = offsets[:-1][which], np.diff(offsets)[which]
    return gathered(ids, begin, size), np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
