"""Pooling at the edges: equal effects, too few, no variance; and tau2 and I2 within their bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.synthesis.random_effects import NotPoolable, pool


def test_equal_effects_keep_an_interval_with_a_width():
    ours = pool(np.full(3, 0.2), np.full(3, 0.01))
    assert ours.std_error == pytest.approx(0.1 / 3**0.5)
    assert ours.coefficients[0].ci_lower < 0.2 < ours.coefficients[0].ci_upper


@pytest.mark.parametrize(("effects", "variances"), [([0.1], [0.1]), ([0.1, 0.2], [0.1, 0.0]), ([0.1, np.nan], [1, 1])])
def test_what_cannot_be_weighed_is_refused(effects, variances):
    with pytest.raises(NotPoolable):
        pool(np.array(effects), np.array(variances))


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.001, 4)), min_size=2, max_size=12),
    st.sampled_from(["REML", "PM", "DL", "ML", "HE"]),
)
def test_tau2_is_never_negative_and_i2_stays_below_100(rows, method):
    effects, variances = np.array(rows).T
    ours = pool(effects, variances, tau2_method=method)
    assert ours.tau2 >= 0
    assert 0 <= ours.i2 < 100
    assert effects.min() - 1e-9 <= ours.value <= effects.max() + 1e-9


def test_the_order_of_the_studies_does_not_matter():
    effects, variances = np.array([0.1, 0.5, -0.2]), np.array([0.02, 0.05, 0.01])
    one, other = pool(effects, variances), pool(effects[::-1], variances[::-1])
    assert one.value == pytest.approx(other.value, abs=1e-12)
