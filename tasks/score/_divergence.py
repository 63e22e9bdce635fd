"""How alike two histograms are, by the curve of their divergences from mixtures of the two (MAUVE)."""

import numpy as np


def similarity(p: np.ndarray, q: np.ndarray, *, mixtures: int = 25, scale: float = 5.0) -> float:
    """Return the area under the curve of (exp(-scale KL(q, r)), exp(-scale KL(p, r))), in [0, 1]; 1 for equal ones.

    ``p`` and ``q`` sum to 1; r runs over ``mixtures`` mixtures of them. The area is the mean over both axes.

    Source: Pillutla et al. 2021, arXiv:2102.01454; github.com/krishnap25/mauve.

    >>> similarity(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    1.0
    """
    shares = np.linspace(1e-6, 1 - 1e-6, mixtures)[:, None]
    mixed = shares * p + (1 - shares) * q
    x, y = (np.exp(-scale * _divergences(of, mixed)) for of in (q, p))
    x, y = np.array([1.0, *x, 0.0]), np.array([0.0, *y, 1.0])
    return float((_area(x, y) + _area(y, x)) / 2)


def _divergences(p: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Return KL(p, r) in nats for each row r of ``mixed``, which is 0 only where p is."""
    some = p > 0
    return (p[some] * np.log(p[some] / mixed[:, some])).sum(1)


def _area(x: np.ndarray, y: np.ndarray) -> float:
    # Equal x from the highest y down: between equal histograms every x is 1.
    order = np.lexsort((-y, x))
    return float(np.trapezoid(y[order], x[order]))
