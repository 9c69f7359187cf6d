"""HonestDiD against R HonestDiD 0.2.7 on Benzarti and Carloni's event study, and its own properties."""

import json

import numpy as np
import pytest

from evaluations.stats.diagnostics.honest_did import (
    FirstEffect,
    breakdown_bound,
    folded_normal_quantile,
    relative_magnitudes,
    smoothness,
)

FLCI = 3e-4  # the tolerance the reference states: R searches a grid
HYBRID = 2.5e-3  # R steps by 0.00076 and draws 1,000 times; ours bisects and draws 20,000 times


@pytest.fixture
def benzarti_carloni(shared_data):
    data = json.loads((shared_data / "oracle" / "BCdata_EventStudy.json").read_text())
    return FirstEffect(np.array(data["betahat"])[:5], np.array(data["sigma"])[:5, :5])


@pytest.mark.parametrize(
    ("bound", "lower", "upper"),
    [
        (0.0, 0.131411315971182, 0.216169648216959),
        (0.1, 0.119444000144877, 0.418508214328715),
        (0.2, 0.0194440001496448, 0.518508214323947),
        (0.3, -0.0805559998455875, 0.61850821431918),
    ],
)
def test_smoothness_intervals_agree_with_r(benzarti_carloni, bound, lower, upper):
    ours = smoothness(benzarti_carloni, bound)
    assert ours.ci_lower == pytest.approx(lower, abs=FLCI)
    assert ours.ci_upper == pytest.approx(upper, abs=FLCI)


@pytest.mark.parametrize(
    ("bound", "lower", "upper"), [(0.5, 0.118, 0.2716), (1.0, 0.0672, 0.3187), (1.5, 0.0133, 0.3696)]
)
def test_relative_magnitudes_agree_with_r(benzarti_carloni, bound, lower, upper):
    ours = relative_magnitudes(benzarti_carloni, bound, rng=np.random.default_rng(1))
    assert ours.ci_lower == pytest.approx(lower, abs=HYBRID)
    assert ours.ci_upper == pytest.approx(upper, abs=3e-3)


def test_the_effect_survives_until_breaks_are_nearly_twice_the_largest_seen(benzarti_carloni):
    # Rambachan and Roth (2023), section 6.1: the breakdown value is about 2.
    found = breakdown_bound(benzarti_carloni, rng=np.random.default_rng(1))
    assert 1.4 < found < 2.1


def test_a_wider_bound_gives_a_wider_set(benzarti_carloni):
    sets = [relative_magnitudes(benzarti_carloni, b, rng=np.random.default_rng(1)) for b in (0, 0.5, 1, 1.5, 2)]
    lengths = [item.ci_upper - item.ci_lower for item in sets]
    assert lengths == sorted(lengths)


def test_the_sign_of_the_outcome_does_not_matter(benzarti_carloni):
    mirrored = FirstEffect(-benzarti_carloni.values, benzarti_carloni.covariance)
    one = smoothness(benzarti_carloni, 0.1)
    other = smoothness(mirrored, 0.1)
    assert (one.ci_lower, one.ci_upper) == pytest.approx((-other.ci_upper, -other.ci_lower), abs=1e-6)


def test_the_folded_normal_without_bias_is_the_normal():
    assert folded_normal_quantile(0.0, 0.95) == pytest.approx(1.959963984540054, abs=1e-9)


@pytest.mark.parametrize("bound", [0.5, 1.0])
def test_sets_cover_when_the_violation_is_within_the_bound(bound):
    rng = np.random.default_rng(20)
    covariance = 0.04 * (0.5 * np.eye(4) + 0.5)
    violation = np.array([-0.3, -0.2, -0.1, bound * 0.1])
    covered = 0
    for _ in range(400):
        values = rng.multivariate_normal(violation, covariance)
        found = relative_magnitudes(FirstEffect(values, covariance), bound, rng=np.random.default_rng(3))
        covered += found.ci_lower <= 0 <= found.ci_upper
    assert covered / 400 >= 0.935
