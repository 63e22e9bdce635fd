"""The order that the published script of In-Context Pretraining makes, from a table of neighbors, written anew.

It follows the description of what that script does, not the paper: directed rows of neighbors, of which ranks 1 to 9
are read; clusters closed at 21 documents; small clusters dissolved into those of their members' neighbors; a document
dropped if its first characters are nearly those of the one written before it. Where the script stops with an error, it
goes on here: missing neighbors (-1) are passed over, and a document whose neighbors are all in its own small cluster
stays in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANKS = 9
CLUSTER = 21
PREFIX = 100
GRAM = 3
TOO_ALIKE = 0.85


@dataclass(frozen=True)
class Sorted:
    """The order, what was dropped from it, and how many documents the script would have stopped at."""

    order: NDArray[np.int64]
    dropped: int
    stuck: int


def sorted_as_published(neighbors: NDArray[np.int32], texts: Sequence[str]) -> Sorted:
    """Sort documents, given the ids of their nearest (n, k), best first and without themselves."""
    rows = [[other for other in row if other >= 0] for row in neighbors[:, :RANKS].tolist()]
    clusters = _clusters(rows)
    stuck = _merge(clusters, rows)
    order, dropped, before = [], 0, ""
    for members in clusters.values():
        for document in members:
            text = texts[document][:PREFIX]
            if _alike(text, before) > TOO_ALIKE:
                dropped += 1
                continue
            order.append(document)
            before = text
    return Sorted(np.array(order, np.int64), dropped, stuck)


def _clusters(rows: list[list[int]]) -> dict[int, list[int]]:
    unseen = set(range(len(rows)))
    current = unseen.pop()
    clusters = {0: [current]}
    while unseen:
        following = next((other for other in rows[current] if other in unseen), None)
        if following is None or len(clusters[len(clusters) - 1]) >= CLUSTER:
            current = unseen.pop()
            clusters[len(clusters)] = [current]
        else:
            current = following
            unseen.remove(current)
            clusters[len(clusters) - 1].append(current)
    return clusters


def _merge(clusters: dict[int, list[int]], rows: list[list[int]]) -> int:
    home = {document: label for label, members in clusters.items() for document in members}
    stuck = 0
    for label in list(clusters):
        if len(clusters[label]) >= CLUSTER:
            continue
        staying = []
        for document in clusters[label]:
            other = next((other for other in rows[document] if home[other] != label), None)
            if other is None:
                staying.append(document)
                continue
            home[document] = home[other]
            target = clusters[home[other]]
            target.insert(target.index(other), document)
        stuck += len(staying)
        clusters[label] = staying
    return stuck


def _alike(text: str, other: str) -> float:
    grams, others = ({part[i : i + GRAM] for i in range(len(part) - GRAM + 1)} for part in (text, other))
    return len(grams & others) / max(len(grams | others), 1)
