"""Each small function against scipy.stats, which is its peer and stays out of the package."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sre_kit.compute.slo import distributions as ours


@given(st.integers(1, 3_000), st.floats(0.0005, 0.9), st.data())
def test_binomial_tails_and_limits(n: int, p: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(-1, n))
    assert float(ours.binomial_tail(k, n, p)) == pytest.approx(stats.binom.sf(k, n, p), rel=1e-7, abs=1e-200)
    limit = ours.binomial_limit(0.01, n, p)
    assert stats.binom.sf(limit, n, p) <= 0.01 * (1 + 1e-9)
    assert limit == 0 or stats.binom.sf(limit - 1, n, p) > 0.01 * (1 - 1e-9)


def test_binomial_tails_of_many_windows_at_once() -> None:
    k, n = np.array([-1.0, 0.0, 3.0]), np.array([1.0, 10.0, 100.0])
    assert np.allclose(ours.binomial_tail(k, n, 0.01), stats.binom.sf(k, n, 0.01))
