"""The walk of In-Context Pretraining (Shi et al. 2023, arXiv:2310.10638, algorithm 1), by residual degree.

The paper leaves open whether a document's degree counts the visited neighbors. Here it does not: of the unvisited
documents, the one with the fewest unvisited neighbors starts the next stretch, so that few are ever left alone.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tasks.order._graph import Graph


def residual_degree(graph: Graph) -> tuple[NDArray[np.int64], int]:
    """Walk over all documents: always on to the most similar unvisited neighbor, else start anew.

    Returns the order and the number of starts. Ties go to the smallest document. Costs O(edges log edges).
    """
    order = np.empty(len(graph), np.int64)
    return order, int(_walk(graph.offsets, graph.targets, order))


@njit(nogil=True, cache=True)
def _walk(offsets, targets, order):  # type: ignore[no-untyped-def]
    count = len(order)
    degrees = np.diff(offsets)
    visited = np.zeros(count, np.bool_)
    # Old keys stay in the heap and are passed over when popped: a bucket queue would not give the smallest document.
    heap = np.empty(count + len(targets), np.int64)
    filled = 0
    for document in range(count):
        filled = _push(heap, filled, degrees[document] * count + document)
    place = starts = 0
    while place < count:
        document = heap[0] % count
        current = not visited[document] and degrees[document] == heap[0] // count
        filled = _pop(heap, filled)
        if not current:
            continue
        starts += 1
        while document >= 0:
            order[place] = document
            place += 1
            visited[document] = True
            following = -1
            for edge in range(offsets[document], offsets[document + 1]):
                target = targets[edge]
                if not visited[target]:
                    degrees[target] -= 1
                    filled = _push(heap, filled, degrees[target] * count + target)
                    if following < 0:
                        following = target
            document = following
    return starts


@njit(nogil=True, cache=True)
def _push(heap, filled, key):  # type: ignore[no-untyped-def]
    place = filled
    while place > 0 and heap[(place - 1) // 2] > key:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = key
    return filled + 1


@njit(nogil=True, cache=True)
def _pop(heap, filled):  # type: ignore[no-untyped-def]
    filled -= 1
    key = heap[filled]
    place = 0
    while 2 * place + 1 < filled:
        child = 2 * place + 1
        if child + 1 < filled and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = key
    return filled
