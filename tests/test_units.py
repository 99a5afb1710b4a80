"""What a ratio may be written as, beyond the examples in its docstring."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_kit.errors import ParameterError
from sre_kit.units import ratio


@pytest.mark.parametrize("written", ["1e99999999", "1e-99999999", "-1e99999999", "nan", "inf", "-0.1", "1.1", "", "%"])
def test_what_is_no_ratio_is_refused_and_not_computed(written: str) -> None:
    with pytest.raises(ParameterError, match="ratio"):
        ratio(written)


@pytest.mark.parametrize("written", ["0", "0.0", "0e-99999999", "0 %"])
def test_zero_is_zero_however_it_is_written(written: str) -> None:
    assert ratio(written) == 0


@given(st.integers(0, 10**9))
def test_percent_and_share_of_one_number_are_the_same_ratio(millionths: int) -> None:
    share = Fraction(millionths, 10**9)
    assert ratio(f"{millionths / 10**7:.7f} %") == ratio(f"{millionths / 10**9:.9f}") == share
