"""The effect over distance: rings the data choose, points at the mean distance in each, a band over all."""

import numpy as np
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.proximity.curve_bins import best_number_of_rings, quantile_edges
from evaluations.stats.proximity.distance_curve import estimate
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import table


def design(*, radius_km=2.5, options=None, edges=(0, 10)):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "distance_curve",
            "columns": {"outcome": "y", "post": "p", "distance_km": "d"},
            "options": options or {},
            "proximity": {"edges_km": list(edges), "radius_km": radius_km},
        }
    )


def decay(distance):
    """A true effect of 2 beside the site that is gone by 8 km."""
    return 2 * np.exp(-distance / 1.5) * (distance < 8)


def homes(rng, n=1_000, *, effect=decay, noise=1.0):
    """Homes spread evenly over a disc of 10 km, seen twice before and twice after."""
    distance = 10 * np.sqrt(rng.uniform(0, 1, n))
    post = np.tile([0.0, 0.0, 1.0, 1.0], n)
    outcome = np.repeat(rng.normal(0, 1, n), 4) + 0.3 * post + noise * rng.normal(0, 1, 4 * n)
    return {
        "outcome": outcome + np.repeat(effect(distance), 4) * post,
        "unit": np.repeat(np.arange(n), 4),
        "period": np.tile([1, 2, 3, 4], n),
        "post": post,
        "distance_km": np.repeat(distance, 4),
    }


def test_the_curve_follows_the_effect_and_the_band_is_wider_than_the_intervals():
    result = analyse(table(**homes(np.random.default_rng(1), 4_000)), design())
    curve = result.distance_curve
    distance = np.array([point.distance_km for point in curve])
    assert (np.diff(distance) > 0).all()
    assert [point.value for point in curve] == pytest.approx(decay(distance), abs=0.25)
    assert all(p.band_lower < p.ci_lower < p.value < p.ci_upper < p.band_upper for p in curve)
    assert len(curve) == len(result.rings) - 1
    assert result.rings[-1].is_reference
    assert result.rings[-1].value is None


def test_the_headline_is_the_average_within_the_radius_whatever_the_rings():
    columns = homes(np.random.default_rng(2), noise=0.0, effect=lambda d: 3.0 * (d < 2.5))
    headline = analyse(table(**columns), design()).estimates[0]
    assert headline.value == pytest.approx(3)
    assert headline.n_treated_units == (columns["distance_km"][::4] < 2.5).sum()
    assert "0 to 2.5 km" in headline.estimand


def test_rings_hold_about_equal_numbers_of_people():
    result = analyse(table(**homes(np.random.default_rng(3))), design())
    sizes = [ring.n_units for ring in result.rings]
    assert sum(sizes) == 1_000
    assert max(sizes) - min(sizes) <= 2


def test_a_rougher_curve_and_more_people_ask_for_more_rings():
    rng = np.random.default_rng(4)
    distance = rng.uniform(0, 10, 5_000)
    noise = rng.normal(size=5_000)
    flat, smooth, rough = (
        best_number_of_rings(signal + noise, distance, n_smallest=5_000)
        for signal in (0 * distance, -0.1 * distance, -distance)
    )
    assert flat < smooth < rough
    assert best_number_of_rings((-0.1 * distance + noise)[:500], distance[:500], n_smallest=500) < smooth


def test_tied_distances_give_fewer_rings_never_empty_ones():
    edges = quantile_edges(np.repeat([1.0, 3.0, 6.0], [70, 20, 10]), 10)
    assert edges[0] == 0
    assert (np.histogram(np.repeat([1.0, 3.0, 6.0], [70, 20, 10]), edges)[0] > 0).all()


def test_rows_that_are_not_followed_give_a_curve_too():
    rng = np.random.default_rng(5)
    n = 8_000
    distance = rng.uniform(0, 10, n)
    post = rng.integers(0, 2, n).astype(float)
    outcome = -0.1 * distance + post * decay(distance) + rng.normal(size=n)
    curve = analyse(table(outcome, post=post, distance_km=distance), design()).distance_curve
    truth = decay(np.array([point.distance_km for point in curve]))
    assert all(point.band_lower <= true <= point.band_upper for point, true in zip(curve, truth, strict=True))


def test_too_few_people_and_too_coarse_distances_are_refused():
    few = homes(np.random.default_rng(6), 30)
    assert analyse(table(**few), design()).refusal.code == "too_few_for_a_curve"
    coarse = homes(np.random.default_rng(7), 400)
    coarse["distance_km"] = np.full(1_600, 3.0)
    assert analyse(table(**coarse), design()).refusal.code == "distances_too_coarse"


def share_covered(draws, *, seed):
    """How often the band holds the whole truth, and the headline's interval its average within the radius."""
    rng = np.random.default_rng(seed)
    band, headline = [], []
    for _ in range(draws):
        columns = homes(rng, 600)
        result = estimate(table(**columns), design())
        truth = decay(np.array([point.distance_km for point in result.distance_curve]))
        band.append(
            all(p.band_lower <= true <= p.band_upper for p, true in zip(result.distance_curve, truth, strict=True))
        )
        near = columns["distance_km"][::4]
        held = result.estimates[0]
        headline.append(held.ci_lower <= decay(near[near < 2.5]).mean() <= held.ci_upper)
    return np.mean(band), np.mean(headline)


def test_the_band_and_the_headline_cover_a_known_truth(full):
    # 2,000 draws have a Monte-Carlo error of 0.005; reduced runs ask only that nothing is far off.
    draws, low, high = (2_000, 0.935, 0.965) if full else (100, 0.88, 1.0)
    band, headline = share_covered(draws, seed=11)
    assert low <= headline <= high
    assert band >= low
