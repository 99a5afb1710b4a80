"""
Tails and quantiles of the binomial distribution from special functions; probabilities lie in 0..1.

``scipy.stats`` has them and takes longer to import than a document takes to compute; tests hold each function here
against it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def binomial_tail(k: Floats | float, n: Floats | float, p: float) -> Floats:
    """Probability of more than `k` hits in `n` tries of probability `p`."""
    from scipy.special import betainc

    hits, tries = np.floor(np.asarray(k, dtype=float)), np.asarray(n, dtype=float)
    inside = (hits >= 0) & (hits < tries)
    more = betainc(np.where(inside, hits + 1, 1), np.where(inside, tries - hits, 1), p)
    found: Floats = np.where(hits < 0, 1.0, np.where(inside, more, 0.0))
    return found


def binomial_limit(level: float, n: int, p: float) -> int:
    """The smallest number of hits in `n` tries that is exceeded with probability `level` at most."""
    from scipy.special import bdtrik

    start = float(bdtrik(1 - level, n, p)) if p > 0 else 0.0
    guess = max(0, math.ceil(start)) if math.isfinite(start) else 0
    while guess > 0 and float(binomial_tail(guess - 1, n, p)) <= level:
        guess -= 1
    while float(binomial_tail(guess, n, p)) > level:
        guess += 1
    return guess
