"""The score that published acceptance by learning history goes by, from the returns of an agent's episodes.

Source: Chen et al. 2025, arXiv:2505.15143. No field of a document carries returns, so that it is no scorer: whoever has
them computes ``utility`` and reads it as a column.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal


def improvement(returns: Sequence[float], best: float) -> float:
    """How high and how far returns rise: (mean + most - least) / (2 best)."""
    return (sum(returns) / len(returns) + max(returns) - min(returns)) / (2 * best)


def stability(returns: Sequence[float], best: float, over: Literal["drops", "all"] = "drops") -> float:
    """1 less the mean fall between successive returns, as a share of the best; over the falls, or over all steps."""
    falls = [after - before for before, after in pairwise(returns) if after < before]
    steps = len(falls) if over == "drops" else len(returns) - 1
    return 1 + (sum(falls) / steps if falls else 0.0) / best


def utility(
    returns: Sequence[float], best: float, over: Literal["drops", "all"] = "drops", weight: float = 1.0
) -> float:
    """Improvement plus ``weight`` times stability."""
    return improvement(returns, best) + weight * stability(returns, best, over)
