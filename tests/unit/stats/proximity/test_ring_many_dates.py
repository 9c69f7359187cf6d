"""Rings around sites that open at different dates: unbiased where effects grow, and where two-way regression is not."""

import numpy as np
import pytest

from evaluations.stats import twfe
from evaluations.stats.engine import analyse
from evaluations.stats.proximity.ring_did import estimate
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import sites, table

EDGES = [0, 1, 2.5, 5]
KM_NORTH = 1 / 111.2672  # degrees of latitude at 53 degrees north


def design(*, options=None, columns=None, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "y", "unit": "u", "period": "t", "first_treated": "f", "distance_km": "d"}
            | (columns or {}),
            "options": options or {},
            "proximity": {"edges_km": EDGES} | proximity,
        }
    )


def homes(rng, *, n=300, n_periods=8, openings=(3, 5, 7), growth=0.5, noise=1.0):
    """Homes around sites of several openings; effects of 2 and 1 by ring that grow by half each period since."""
    distance, opens = rng.uniform(0, 5, n), rng.choice(openings, n)
    period = np.tile(np.arange(1, n_periods + 1), n)
    since = period - np.repeat(opens, n_periods)
    size = np.repeat(np.select([distance < 1, distance < 2.5], [2.0, 1.0], 0.0), n_periods)
    effect = np.where(since >= 0, size * (1 + growth * since), 0.0)
    outcome = np.repeat(rng.normal(0, 2, n), n_periods) + 0.2 * period + effect + noise * rng.normal(size=len(period))
    columns = {
        "outcome": outcome,
        "unit": np.repeat(np.arange(n), n_periods),
        "period": period,
        "first_treated": np.repeat(opens, n_periods).astype(float),
        "distance_km": np.repeat(distance, n_periods),
    }
    return columns, effect


def truth(columns, effect, inner, outer):
    """The average effect in a ring over the unit-periods since opening."""
    near = (columns["distance_km"] >= inner) & (columns["distance_km"] < outer)
    return effect[near & (columns["period"] >= columns["first_treated"])].mean()


def naive(columns):
    """Two-way fixed effects of being near an open site, the comparison that staggered openings spoil."""
    treated = (columns["distance_km"] < 1) & (columns["period"] >= columns["first_treated"])
    kept = (columns["distance_km"] < 1) | (columns["distance_km"] >= 2.5)
    named = {name: columns[name][kept] for name in ("outcome", "unit", "period")}
    spec = parse_spec({"estimator": "twfe", "columns": {"outcome": "y", "unit": "u", "period": "t", "treated": "x"}})
    return twfe.estimate(table(**named, treated=treated[kept].astype(float)), spec).estimates[0].value


def test_without_noise_every_ring_shows_its_average_effect():
    columns, effect = homes(np.random.default_rng(1), noise=0.0)
    result = analyse(table(**columns), design())
    assert [ring.value for ring in result.rings] == pytest.approx(
        [truth(columns, effect, 0, 1), truth(columns, effect, 1, 2.5), None]
    )
    by_time = {e.event_time: e.value for e in result.event_study}
    assert [by_time[e] for e in (0, 1, 5)] == pytest.approx([2, 3, 7])
    assert all(abs(value) < 1e-9 for e, value in by_time.items() if e < 0)


def test_unbiased_and_covering_where_two_way_regression_is_biased(full):
    # 2,000 draws have a Monte-Carlo error of 0.005 in coverage; reduced runs ask only that nothing is far off.
    draws, low, high = (2_000, 0.935, 0.965) if full else (100, 0.88, 1.0)
    # The truth is the population's: openings in 3, 5 and 7 are equally likely, and 2 x (1 + e/2) is averaged over the
    # 6 + 4 + 2 periods since them. Errors count that the sample's shares of openings are drawn too.
    true = 2 * (sum(1 + e / 2 for opens in (3, 5, 7) for e in range(9 - opens))) / 12
    rng = np.random.default_rng(7)
    errors, covered, naive_errors = [], [], []
    for _ in range(draws):
        columns, _ = homes(rng)
        ring = estimate(table(**columns), design()).rings[0]
        errors.append(ring.value - true)
        covered.append(ring.ci_lower <= true <= ring.ci_upper)
        naive_errors.append(naive(columns) - true)
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(draws)
    assert low <= np.mean(covered) <= high
    assert abs(np.mean(naive_errors)) > 10 * np.std(naive_errors) / np.sqrt(draws)


def test_rows_that_are_not_followed_are_compared_too():
    columns, _ = homes(np.random.default_rng(3), n=20_000, n_periods=4, openings=(2, 4), growth=0.0)
    rows = np.random.default_rng(4).random(len(columns["outcome"])) < 0.4
    crossed = {name: column[rows] for name, column in columns.items() if name != "unit"}
    result = analyse(table(**crossed), design(columns={"unit": None}, options={"panel": False}))
    assert result.rings[0].value == pytest.approx(2, abs=4 * result.rings[0].std_error)


def test_one_date_given_as_first_treated_is_the_regression_of_one_date():
    columns, _ = homes(np.random.default_rng(5), openings=(4,))
    by_date = analyse(table(**columns), design())
    post = (columns["period"] >= 4).astype(float)
    named = {name: column for name, column in columns.items() if name != "first_treated"}
    by_post = analyse(table(**named, post=post), design(columns={"first_treated": None, "post": "post"}))
    assert [r.value for r in by_date.rings] == [r.value for r in by_post.rings]


def test_the_outermost_ring_needs_no_opening_and_inner_rings_without_one_are_counted():
    columns, effect = homes(np.random.default_rng(6), noise=0.0)
    outer = columns["distance_km"] >= 2.5
    never = columns["unit"] % 10 == 0
    blank = columns | {"first_treated": np.where(outer | never, np.nan, columns["first_treated"])}
    result = analyse(table(**blank), design())
    seen = {name: column[~(never & ~outer)] for name, column in columns.items()}
    assert result.rings[0].value == pytest.approx(truth(seen, effect[~(never & ~outer)], 0, 1))
    assert {d.reason for d in result.sample.dropped} == {"site_not_opened"}


def places(columns):
    """The same homes by coordinates, north of three sites that lie far apart, one for each opening."""
    east = np.searchsorted([3, 5, 7], columns["first_treated"]) * 1.0
    return {
        "latitude": 53 + columns["distance_km"] * KM_NORTH,
        "longitude": -2 + east,
        "sites": sites([53, 53, 53], [-2, -1, 0], [3, 5, 7]),
    }


def test_sites_with_opening_dates_give_the_same_answer_as_dates_in_the_file():
    columns, _ = homes(np.random.default_rng(8), noise=0.5)
    by_file = analyse(table(**columns), design())
    named = {name: columns[name] for name in ("outcome", "unit", "period")}
    by_site = analyse(
        table(**named, **places(columns)),
        design(columns={"first_treated": None, "distance_km": None, "latitude": "a", "longitude": "o"}),
    )
    assert [r.value for r in by_site.rings] == pytest.approx([r.value for r in by_file.rings])


def test_sites_that_open_after_the_last_period_are_left_out_and_said_so():
    columns, _ = homes(np.random.default_rng(9))
    where = places(columns)
    where["sites"] = sites([53, 53, 53, 53.01], [-2, -1, 0, -2], [3, 5, 7, 2030])
    named = {name: columns[name] for name in ("outcome", "unit", "period")}
    spec = design(columns={"first_treated": None, "distance_km": None, "latitude": "a", "longitude": "o"})
    result = analyse(table(**named, **where), spec)
    assert result.rings[0].n_units == (columns["distance_km"][::8] < 1).sum()
    assert any("1 of 4 sites does not open by the last period and is left out" in note for note in result.sample.notes)


REFUSALS = {
    "no_site_opens": ({"first_treated": 30.0}, {}),
    "std_errors_not_available": ({}, {"options": {"std_errors": "hc1"}}),
    "estimation_not_available": ({"covariates": 1.0}, {"options": {"estimation": "linear"}}),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_cannot_be_answered_is_refused_with_a_cure(code):
    changed, how = REFUSALS[code]
    columns, _ = homes(np.random.default_rng(10))
    for name, value in changed.items():
        columns[name] = np.full(len(columns["outcome"]), value)
    refusal = analyse(table(**columns), design(**how)).refusal
    assert refusal.code == code
    assert refusal.hint
