"""Web and mail addresses: the form of a word that must not be split at its punctuation."""

import numpy as np
from numba import njit

from tasks.text.borrow import Array, Int

_PORT_DIGITS = 5


@njit(nogil=True, cache=True)
def is_address(data: Array, start: Int, stop: Int) -> bool:
    """Say whether ``data[start:stop]`` is ``[scheme://][user@]host.domain[:port][/path]``, the domain in lower case."""
    place = start
    for i in range(start, stop - 2):
        if data[i] == 58 and data[i + 1] == 47 and data[i + 2] == 47:  # ://
            place = i + 3
            break
        if not _in_host(data[i]) and data[i] != 43:
            break
    if _is_host(data, place, stop):
        return True
    for i in range(place, min(stop, place + 320)):  # the longest mail address has 320 bytes
        if data[i] == 64:  # @
            return i > place and _is_host(data, i + 1, stop)
    return False


@njit(nogil=True, cache=True)
def _in_host(byte: Int) -> bool:
    letter = (byte >= 97 and byte <= 122) or (byte >= 65 and byte <= 90) or byte >= 128
    return letter or (byte >= 48 and byte <= 57) or byte == 45 or byte == 46 or byte == 95


@njit(nogil=True, cache=True)
def _is_host(data: Array, start: Int, stop: Int) -> bool:
    end = start
    dot = np.int64(-1)
    while end < stop and _in_host(data[end]):
        if data[end] == 46:
            if end == start or data[end - 1] == 46 or data[end - 1] == 45 or data[end - 1] == 95:
                return False
            dot = end
        end += 1
    if dot < 0 or end - dot < 3:
        return _is_numeric(data, start, end) and _is_tail(data, end, stop)
    for i in range(dot + 1, end):
        if data[i] < 97 or data[i] == 123:
            return _is_numeric(data, start, end) and _is_tail(data, end, stop)
    return _is_tail(data, end, stop)


@njit(nogil=True, cache=True)
def _is_numeric(data: Array, start: Int, stop: Int) -> bool:
    """Four numbers joined by dots."""
    dots = 0
    for i in range(start, stop):
        if data[i] == 46:
            dots += 1
        elif data[i] < 48 or data[i] > 57:
            return False
    return dots == 3 and stop - start >= 7 and stop - start <= 15


@njit(nogil=True, cache=True)
def _is_tail(data: Array, place: Int, stop: Int) -> bool:
    """A port and a path, or neither."""
    if place < stop and data[place] == 58:
        port = place + 1
        while port < stop and port - place <= _PORT_DIGITS and data[port] >= 48 and data[port] <= 57:
            port += 1
        if port - place < 3:
            return False
        place = port
    return place == stop or data[place] == 47 or data[place] == 63 or data[place] == 35
