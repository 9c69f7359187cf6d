"""Access to an open site, by staggered openings: worked by hand, against a known truth, refused where it must be."""

from dataclasses import replace

import numpy as np
import pytest

from evaluations.stats import twfe
from evaluations.stats.engine import analyse
from evaluations.stats.issues import BadInput
from evaluations.stats.proximity.access_did import estimate
from evaluations.stats.spec import parse_spec
from evaluations.stats.table import Cohorts
from tests.proximity_tables import sites, table

KM = 1 / 111.27
FIRST_BIRTH, LAST_BIRTH = 1993, 2005
N_PLACES, N_SITES = 60, 40


def design(*, columns=None, options=None, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "access_did",
            "columns": {"outcome": "y", "born": "b", "latitude": "a", "longitude": "o", "neighbourhood": "n"}
            | (columns or {}),
            "options": options or {},
            "proximity": {"exposure_ages": [0, 4]} | proximity,
        }
    )


def children(rng, *, n=4_000, noise=1.0, per_period=0.2):
    """Children of 60 places 8 km apart, 40 of which open a site between 1999 and 2004; each year of access adds."""
    place = np.arange(n) % N_PLACES
    born = FIRST_BIRTH + (np.arange(n) // N_PLACES) % (LAST_BIRTH - FIRST_BIRTH + 1)
    opens = np.where(np.arange(N_PLACES) < N_SITES, 1999.0 + np.arange(N_PLACES) % 6, np.inf)
    km_off = rng.uniform(-3, 3, n)
    km_off = np.where(np.abs(np.abs(km_off) - 2.5) < 0.02, 2.4, km_off)  # nobody on the edge
    opened = np.where(np.abs(km_off) <= 2.5, opens[place], np.inf)
    dose = np.clip(born + 4 - np.maximum(opened, born) + 1, 0, 5)
    outcome = 0.3 * rng.normal(size=N_PLACES)[place] + 0.05 * (born - FIRST_BIRTH) + per_period * dose
    columns = {
        "outcome": outcome + noise * rng.normal(size=n),
        "born": born.astype(float),
        "latitude": 50 + place * 8 * KM + km_off * KM,
        "longitude": np.full(n, -2.0),
        "sites": sites(50 + np.arange(N_SITES) * 8 * KM, np.full(N_SITES, -2.0), opens[:N_SITES]),
        "neighbourhood": place,
    }
    return columns, dose, per_period * dose


def as_dates(columns):
    """The same children with the first opening in reach as a column, and no place."""
    off = (columns["latitude"] - 50 - columns["neighbourhood"] * 8 * KM) / KM
    opens = np.where(columns["neighbourhood"] < N_SITES, 1999.0 + columns["neighbourhood"] % 6, np.nan)
    first = np.where(np.abs(off) <= 2.5, opens, np.nan)
    return {name: columns[name] for name in ("outcome", "born", "neighbourhood")} | {"first_treated": first}


def test_two_places_worked_by_hand():
    # Births of 2000 and 2001; a site opens in 2005 beside one place, so that with ages 0 to 4 only those born in
    # 2001 are exposed, for one year. (8 - 5) - (4 - 3) = 2.
    near, far = 53.0, 54.0
    result = estimate(
        table(
            [4, 6, 7, 9, 2, 4, 3, 5],
            born=np.array([2000.0, 2000, 2001, 2001] * 2),
            latitude=np.array([near] * 4 + [far] * 4),
            longitude=np.full(8, -2.0),
            sites=sites([53.01], [-2.0], [2005]),
        ),
        design(columns={"neighbourhood": None}),
    )
    assert result.estimates[0].value == pytest.approx(2)
    assert result.estimates[0].n_treated_units == 2
    assert [(a.cohort, a.period) for a in result.att_gt] == [(2001, 2001)]


def test_without_noise_the_headline_is_the_average_effect_on_those_exposed():
    columns, dose, effect = children(np.random.default_rng(1), n=60 * 13 * 40, noise=0.0)
    columns["outcome"] = 0.05 * (columns["born"] - FIRST_BIRTH) + effect
    headline = analyse(table(**columns), design()).estimates[0]
    # Cells are weighted by the size of their cohort over all births, not by its births of that year.
    assert headline.value == pytest.approx(effect[dose > 0].mean(), rel=0.02)
    assert headline.n_treated_units == (dose > 0).sum()


def test_the_effect_grows_with_the_periods_exposed_and_is_given_for_each():
    columns, dose, _ = children(np.random.default_rng(2), n=20_000, noise=0.1)
    result = analyse(table(**columns), design())
    by_time = {e.event_time: e.value for e in result.event_study}
    assert [by_time[e] for e in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0], abs=0.05)
    per_period = next(e for e in result.estimates if e.name == "att_per_period_exposed")
    assert per_period.value == pytest.approx(0.2, abs=0.01)
    exposure = next(d for d in result.diagnostics if d.code == "exposure_dose")
    assert exposure.statistic == pytest.approx(dose[dose > 0].mean())


def test_dates_in_the_file_give_the_same_answer_as_places_and_sites():
    columns, _, _ = children(np.random.default_rng(3))
    by_place = analyse(table(**columns), design())
    spec = design(columns={"latitude": None, "longitude": None, "first_treated": "f"})
    dates = as_dates(columns)
    first = dates.pop("first_treated")
    base = table(**dates)
    labels = np.unique(first[np.isfinite(first)])
    codes = np.where(np.isfinite(first), np.searchsorted(labels, np.nan_to_num(first)), -1).astype(np.int32)
    by_date = analyse(replace(base, cohorts=Cohorts(codes, codes, tuple(labels.tolist()), labels)), spec)
    assert by_date.estimates[0].value == pytest.approx(by_place.estimates[0].value)
    assert by_date.estimates[0].std_error == pytest.approx(by_place.estimates[0].std_error)


def naive(columns, dose):
    """Two-way fixed effects of place and birth on being exposed at all."""
    rows = {"outcome": columns["outcome"], "unit": columns["neighbourhood"], "period": columns["born"]}
    spec = parse_spec(
        {
            "estimator": "twfe",
            "columns": {"outcome": "y", "unit": "u", "period": "t", "treated": "x"},
            "options": {"panel": False},
        }
    )
    return twfe.estimate(table(**rows, treated=(dose > 0).astype(float)), spec).estimates[0].value


def test_unbiased_and_covering_where_two_way_regression_is_biased(full):
    # 2,000 draws have a Monte-Carlo error of 0.005 in coverage; reduced runs ask only that nothing is far off.
    draws, low, high = (2_000, 0.935, 0.965) if full else (60, 0.85, 1.0)
    rng = np.random.default_rng(4)
    errors, covered, naive_errors = [], [], []
    for _ in range(draws):
        columns, dose, effect = children(rng, n=60 * 13 * 5)
        headline = estimate(table(**columns), design()).estimates[0]
        true = effect[dose > 0].mean()
        errors.append(headline.value - true)
        covered.append(headline.ci_lower <= true <= headline.ci_upper)
        naive_errors.append(naive(columns, dose) - true)
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(draws)
    assert low <= np.mean(covered) <= high
    assert abs(np.mean(naive_errors)) > 10 * np.std(naive_errors) / np.sqrt(draws)


def test_the_test_of_earlier_trends_keeps_its_level_with_few_areas_to_a_cohort(full):
    draws, high = (1_000, 0.08) if full else (60, 0.2)
    rng = np.random.default_rng(5)
    rejected = []
    for _ in range(draws):
        columns, _, _ = children(rng, n=60 * 13 * 5, per_period=0.0)
        test = next(d for d in estimate(table(**columns), design()).diagnostics if d.code == "pretrend_joint")
        rejected.append(test.p_value < 0.05)
    assert np.mean(rejected) < high


def followed(rng, *, n=300, noise=1.0):
    """Homes seen each year from 2001 to 2008, half of them within 2.5 km of a site that opens in 2003 or 2006."""
    near = np.arange(n) % 2 == 0
    opens = np.where(np.arange(n) % 4 == 0, 2003, 2006)
    year = np.tile(np.arange(2001, 2009), n)
    since = year - np.repeat(opens, 8)
    effect = np.where(np.repeat(near, 8) & (since >= 0), 1 + 0.5 * since, 0.0)
    outcome = np.repeat(rng.normal(size=n), 8) + 0.1 * (year - 2001) + effect + noise * rng.normal(size=len(year))
    east = np.where(opens == 2003, -2.0, 0.0)
    columns = {
        "outcome": outcome,
        "unit": np.repeat(np.arange(n), 8),
        "period": year,
        "latitude": np.repeat(53 + np.where(near, 1.0, 5.0) * KM, 8),
        "longitude": np.repeat(east, 8),
        "sites": sites([53, 53], [-2.0, 0.0], [2003, 2006]),
    }
    return columns, effect


FROM_OPENING = {"columns": {"born": None, "neighbourhood": None, "unit": "u", "period": "t"}, "exposure_ages": None}


def test_followed_units_are_exposed_from_the_first_opening_within_the_radius():
    columns, effect = followed(np.random.default_rng(6), noise=0.0)
    result = analyse(table(**columns), design(**FROM_OPENING))
    assert result.estimates[0].value == pytest.approx(effect[effect > 0].mean())
    assert [e.value for e in result.event_study if e.event_time in (0, 2)] == pytest.approx([1, 2])
    assert "since the first opened there" in result.estimates[0].estimand


def test_rows_after_the_site_closed_are_left_out_and_counted():
    columns, _ = followed(np.random.default_rng(7))
    columns["sites"] = sites([53, 53], [-2.0, 0.0], [2003, 2006], [2007, np.inf])
    result = analyse(table(**columns), design(**FROM_OPENING))
    closed = (columns["longitude"] == -2.0) & (columns["period"] >= 2007) & (columns["latitude"] < 53.02)
    assert [(d.reason, d.rows) for d in result.sample.dropped] == [("site_closed", closed.sum())]


def test_a_donut_leaves_out_those_beside_the_site():
    columns, _ = followed(np.random.default_rng(8))
    near = columns["latitude"] < 53 + 2 * KM
    columns["latitude"] = np.where(near & (columns["unit"] % 8 == 0), 53.0, columns["latitude"])
    result = analyse(table(**columns), design(**FROM_OPENING, donut_km=0.5))
    assert [d.reason for d in result.sample.dropped] == ["inside_donut"]


def test_the_assumption_about_residence_stands_in_the_headline_unless_dates_are_given():
    columns, _, _ = children(np.random.default_rng(9))
    assumed = analyse(table(**columns), design()).estimates[0].estimand
    assert "taking each to have lived at the place given at ages 0 to 4" in assumed
    assert "access, not attendance" in assumed
    known = analyse(
        table(**columns, location_from=columns["born"], location_to=columns["born"] + 16), design()
    ).estimates[0]
    assert "taking each" not in known.estimand


def test_a_place_at_sixteen_says_nothing_of_ages_nought_to_four():
    columns, _, _ = children(np.random.default_rng(10))
    result = analyse(table(**columns, location_from=columns["born"] + 16), design())
    assert result.refusal.code == "exposure_outside_residence"
    assert "assume" in result.refusal.hint


def test_ages_are_years_whatever_the_step_of_the_calendar():
    columns, dose, _ = children(np.random.default_rng(11))
    quarters = columns | {"born": columns["born"] * 4}
    quarters["sites"] = sites(columns["sites"].latitude, columns["sites"].longitude, columns["sites"].opened * 4)
    exposure = next(
        d for d in analyse(table(**quarters, periods_a_year=4.0), design()).diagnostics if d.code == "exposure_dose"
    )
    assert exposure.statistic == pytest.approx(4 * dose[dose > 0].mean())


REFUSALS = {
    "no_treated_units": {"sites": sites([40.0], [-2.0], [2000])},
    "no_untreated_units": {"sites": sites(np.arange(49.9, 54.9, 0.01), np.full(500, -2.0), np.full(500, 1980.0))},
    "finer_than_precision": {"precision_km": 5.0},
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_question_without_an_answer_is_refused_with_a_cure(code):
    columns, _, _ = children(np.random.default_rng(12))
    refusal = analyse(table(**columns | REFUSALS[code]), design()).refusal
    assert refusal.code == code
    assert refusal.hint


@pytest.mark.parametrize(
    ("lacking", "how"),
    [
        (("sites",), {}),
        (("latitude", "longitude"), {}),
        (("born",), {}),
        ((), {"exposure_ages": None}),
    ],
)
def test_a_design_that_lacks_a_part_says_which(lacking, how):
    columns, _, _ = children(np.random.default_rng(13))
    for name in lacking:
        columns.pop(name)
    with pytest.raises(BadInput) as caught:
        analyse(table(**columns), design(**how))
    assert caught.value.issues[0].hint
