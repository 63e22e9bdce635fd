"""Orders of a graph of dependencies: what is needed before what needs it, as far as cycles allow."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from tasks.distinct import distinct

Links = list[list[int]]


def strong_components(needed: Links) -> list[int]:
    """Label the nodes: those that need each other, however far around, share a label (Tarjan 1972, without recursion).

    ``needed[i]`` are the nodes that node i needs. A component's label is higher than those of all that it needs.
    """
    count = len(needed)
    label, low, number = [-1] * count, [0] * count, [-1] * count
    open_nodes: list[int] = []
    numbered = components = 0
    for start in range(count):
        work = [(start, 0)] if number[start] < 0 else []
        while work:
            node, turn = work.pop()
            if turn == 0:
                number[node] = low[node] = numbered
                numbered += 1
                open_nodes.append(node)
            else:
                low[node] = min(low[node], low[needed[node][turn - 1]])
            for at in range(turn, len(needed[node])):
                other = needed[node][at]
                if number[other] < 0:
                    work += [(node, at + 1), (other, 0)]
                    break
                if label[other] < 0:
                    low[node] = min(low[node], number[other])
            else:
                if low[node] == number[node]:
                    while label[node] < 0:
                        label[open_nodes.pop()] = components
                    components += 1
    return label


def weak_components(needed: Links) -> list[list[int]]:
    """The nodes that hang together, each piece ascending, pieces by their first node; single nodes are left out."""
    near: Links = [list(others) for others in needed]
    for node, others in enumerate(needed):
        for other in others:
            near[other].append(node)
    seen = [not others for others in near]
    pieces = []
    for start in range(len(near)):
        if not seen[start]:
            seen[start] = True
            piece = [start]
            for node in piece:
                for other in near[node]:
                    if not seen[other]:
                        seen[other] = True
                        piece.append(other)
            pieces.append(sorted(piece))
    return pieces


def least_needing_first(nodes: Sequence[int], needed: Links) -> list[int]:
    """Order the nodes of a cycle: time and again the one that needs the fewest not yet placed; ties by number."""
    inside = set(nodes)
    waits = {node: sum(other in inside for other in needed[node]) for node in nodes}
    needing: dict[int, list[int]] = {node: [] for node in nodes}
    for node in nodes:
        for other in needed[node]:
            if other in inside:
                needing[other].append(node)
    heap = [(waits[node], node) for node in nodes]
    heapify(heap)
    placed: dict[int, None] = {}
    while heap:
        waiting, node = heappop(heap)
        if node in placed or waiting != waits[node]:
            continue
        placed[node] = None
        for other in needing[node]:
            if other not in placed:
                waits[other] -= 1
                heappush(heap, (waits[other], other))
    return list(placed)


def needed_first(needed: Links) -> list[list[int]]:
    """Order the nodes of every piece of the graph so that what a node needs stands before it, cycles apart.

    Of the many such orders this is the one of a walk: before a node stands at once what it needs and still lacks, so
    that files meet what they need in a context. Where the walk may choose, the smaller node is first. Pieces come by
    their first node.
    """
    label = strong_components(needed)
    members: dict[int, list[int]] = {}
    for node, each in enumerate(label):
        members.setdefault(each, []).append(node)
    between: dict[int, set[int]] = {each: set() for each in members}
    for node, others in enumerate(needed):
        between[label[node]] |= {label[other] for other in others} - {label[node]}
    pieces = []
    for piece in weak_components(needed):
        order = _stacked(sorted({label[node] for node in piece}, key=lambda each: members[each][0]), between, members)
        pieces.append([node for each in order for node in _inside(members[each], needed)])
    return pieces


def _inside(nodes: list[int], needed: Links) -> list[int]:
    return nodes if len(nodes) == 1 else least_needing_first(nodes, needed)


def _stacked(components: list[int], between: dict[int, set[int]], members: dict[int, list[int]]) -> list[int]:
    """Walk down from what nothing needs; place a component when all that it needs is placed."""
    needing = dict.fromkeys(components, 0)
    for each in components:
        for other in between[each]:
            needing[other] += 1
    order: list[int] = []
    done: set[int] = set()
    for top in (each for each in components if needing[each] == 0):
        stack = [(top, False)]
        while stack:
            each, ready = stack.pop()
            if ready:
                order.append(each)
            elif each not in done:
                done.add(each)
                stack.append((each, True))
                lacking = [other for other in between[each] if other not in done]
                stack += [(other, False) for other in sorted(lacking, key=lambda other: -members[other][0])]
    return order


def dependency_figures(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    place: NDArray[np.int64],
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> dict[str, float]:
    """Figures of an order for the pairs where ``second`` needs ``first``.

    ``place`` is each node's place in the order; ``members`` (context, node), one entry per segment. In brackets the
    published short names: dependency_order_share (dep_order_rate), pairs in the right order;
    dependency_in_context_share (dep_in_ctx_rate), pairs of which a context holds something of both;
    dependency_ready_share, pairs in the right order that a context holds.
    """
    context, node = members
    kept = distinct(context * max(len(place), 1) + node)
    held = set(kept.tolist())
    of: dict[int, list[int]] = {}
    for key in kept.tolist():
        of.setdefault(key % max(len(place), 1), []).append(key // max(len(place), 1))
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    ahead = place[first] < place[second]
    met = np.array([any(c * len(place) + b in held for c in of.get(a, ())) for a, b in pairs], np.bool_)
    count = max(len(pairs), 1)
    return {
        "dependencies": float(len(pairs)),
        "dependency_order_share": float(ahead.sum()) / count,
        "dependency_in_context_share": float(met.sum()) / count,
        "dependency_ready_share": float((met & ahead).sum()) / count,
    }
