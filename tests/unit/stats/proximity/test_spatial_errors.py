"""Conley errors of rings, access and curves against a dense computation written here, at one date and at many."""

from dataclasses import replace

import numpy as np
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.issues import BadInput
from evaluations.stats.proximity.distances import cartesian_km
from evaluations.stats.regression import conley
from evaluations.stats.regression.conley import neighbour_sums
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import sites, table

EARTH_KM = 6376.0
EDGES = [0, 1, 2.5, 5]
KM = 1 / 111.2672
CONLEY = {"std_errors": "conley", "conley_km": 1.5}
KERNELS = ["uniform", "triangular"]


def design(estimator="ring_did", *, columns=None, options=None, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": estimator,
            "columns": {"outcome": "y", "unit": "u", "period": "t", "latitude": "a", "longitude": "o"}
            | (columns or {}),
            "options": {**CONLEY, **(options or {})},
            "proximity": {"edges_km": EDGES} | proximity,
        }
    )


def homes(*, n=90, n_periods=6, openings=(3,), seed=1):
    """Homes on all sides of three sites 3 degrees apart; a covariate that does not change, and outcomes at random."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) % len(openings)
    distance, angle = rng.uniform(0, 4.9, n), rng.uniform(0, 2 * np.pi, n)
    latitude = 53 + distance * np.cos(angle) * KM
    longitude = -2 + 3 * which + distance * np.sin(angle) * KM / np.cos(np.radians(53))
    x = rng.normal(size=n)
    outcome = rng.normal(size=(n, 1)) + rng.normal(size=n_periods) + rng.normal(size=(n, n_periods))
    outcome += 0.3 * x[:, None] * np.arange(n_periods)
    columns = {
        "outcome": outcome.ravel(),
        "unit": np.repeat(np.arange(n), n_periods),
        "period": np.tile(np.arange(1, n_periods + 1), n),
        "latitude": np.repeat(latitude, n_periods),
        "longitude": np.repeat(longitude, n_periods),
        "sites": sites([53] * len(openings), -2 + 3 * np.arange(len(openings)), openings),
    }
    return columns, outcome, x


def ring_of(columns, n_periods=6):
    """The ring of each home, by the same distances."""
    homes_ = cartesian_km(columns["latitude"][::n_periods], columns["longitude"][::n_periods])
    where = cartesian_km(columns["sites"].latitude, columns["sites"].longitude)
    apart = np.linalg.norm(homes_[:, None] - where[None], axis=2).min(axis=1)
    return np.searchsorted(EDGES, apart, side="right") - 1, apart


def kernel_matrix(latitude, longitude, kernel, cutoff_km=1.5):
    """The weight of every pair, by the haversine formula, all pairs at once."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    half = np.sin((phi[:, None] - phi) / 2) ** 2
    half = half + np.cos(phi)[:, None] * np.cos(phi) * np.sin((lam[:, None] - lam) / 2) ** 2
    apart = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return np.where(apart <= cutoff_km, 1.0 if kernel == "uniform" else 1 - apart / cutoff_km, 0.0)


def dummies(codes):
    return (codes[:, None] == np.unique(codes)).astype(float)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("with_covariates", [False, True])
def test_one_date_agrees_with_the_dense_regression(kernel, with_covariates):
    columns, outcome, _ = homes()
    moving = np.random.default_rng(7).normal(size=len(columns["outcome"]))
    ring = np.repeat(ring_of(columns)[0], 6)
    after = columns["period"] >= 3
    treated = np.column_stack([(ring == each) & after for each in (0, 1)]).astype(float)
    parts = [treated, *([moving[:, None]] if with_covariates else []), dummies(columns["unit"])]
    x = np.column_stack([*parts, dummies(columns["period"])[:, 1:]])
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ outcome.ravel()
    scores = x * (outcome.ravel() - x @ coefficients)[:, None]
    weights = kernel_matrix(columns["latitude"], columns["longitude"], kernel)
    variance = bread @ scores.T @ weights @ scores @ bread * len(x) / (len(x) - x.shape[1])

    how = {"conley_kernel": kernel, "estimation": "linear"}
    named = {"covariates": ["x0"]} if with_covariates else {}
    given = columns | ({"covariates": moving} if with_covariates else {})
    result = analyse(table(**given), design(options=how, columns=named))
    assert [ring.value for ring in result.rings[:2]] == pytest.approx(coefficients[:2], rel=1e-8)
    assert [ring.std_error for ring in result.rings[:2]] == pytest.approx(np.sqrt(np.diag(variance)[:2]), rel=1e-8)
    assert result.rings[0].std_error != pytest.approx(
        analyse(table(**given), design(options={"std_errors": "auto", "estimation": "linear"})).rings[0].std_error
    )
    said = " ".join(result.sample.notes)
    assert f"{kernel} kernel, cut-off 1.5 km" in said


def by_hand(outcome, opens, ring, which_ring, known):
    """A ring's average effect since opening, and each home's influence on it, by regression on the outermost ring.

    `known`, shape (n_homes, k), is what the regression is on, a column of ones the first.
    """
    control = ring == 2
    gram = np.linalg.inv(known[control].T @ known[control])
    cells, total = [], 0
    for start in np.unique(opens):
        mine = (ring == which_ring) & (opens == start)
        for period in range(start - 1, outcome.shape[1]):
            change = outcome[:, period] - outcome[:, start - 2]
            left = change - known @ (gram @ known[control].T @ change[control])
            influence = np.zeros(len(ring))
            influence[mine] = (left[mine] - left[mine].mean()) / mine.sum()
            influence[control] -= (known @ gram @ known[mine].mean(axis=0) * left)[control]
            cells.append((mine, left[mine].mean(), influence))
            total += mine.sum()
    value = sum(mine.sum() * effect for mine, effect, _ in cells) / total
    whole = np.zeros(len(ring))
    for mine, effect, influence in cells:
        whole += mine.sum() / total * influence + mine * (effect - value) / total
    return value, whole


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("with_covariates", [False, True])
def test_many_dates_agree_with_influence_worked_by_hand(kernel, with_covariates):
    columns, outcome, x = homes(openings=(3, 4, 5))
    ring, _ = ring_of(columns)
    opens = np.array([3, 4, 5])[np.arange(90) % 3]
    weights = kernel_matrix(columns["latitude"][::6], columns["longitude"][::6], kernel)
    known = np.column_stack([np.ones(90), x]) if with_covariates else np.ones((90, 1))
    given = columns | ({"covariates": np.repeat(x, 6)} if with_covariates else {})
    how = {"conley_kernel": kernel, "estimation": "reg"}
    result = analyse(table(**given), design(options=how, columns={"covariates": ["x0"]} if with_covariates else {}))
    for each in (0, 1):
        value, influence = by_hand(outcome, opens, ring, each, known)
        assert result.rings[each].value == pytest.approx(value, rel=1e-8)
        assert result.rings[each].std_error == pytest.approx(np.sqrt(influence @ weights @ influence), rel=1e-8)
    assert any(f"{kernel} kernel, cut-off 1.5 km" in note for note in result.sample.notes)


def test_one_date_with_covariates_that_reweight_is_conley_too():
    columns, outcome, x = homes()
    ring, _ = ring_of(columns)
    result = analyse(
        table(**columns, covariates=np.repeat(x, 6)),
        design(options={"estimation": "reg"}, columns={"covariates": ["x0"]}),
    )
    value, influence = by_hand(outcome, np.full(90, 3), ring, 0, np.column_stack([np.ones(90), x]))
    weights = kernel_matrix(columns["latitude"][::6], columns["longitude"][::6], "uniform")
    assert result.rings[0].value == pytest.approx(value, rel=1e-8)
    assert result.rings[0].std_error == pytest.approx(np.sqrt(influence @ weights @ influence), rel=1e-8)


@pytest.mark.parametrize("kernel", KERNELS)
def test_access_of_followed_homes_agrees_with_influence_worked_by_hand(kernel):
    columns, outcome, _ = homes(openings=(3, 4, 5))
    opens = np.array([3, 4, 5])[np.arange(90) % 3]
    near_or_far = np.where(ring_of(columns)[1] <= 2.5, 0, 2)
    value, influence = by_hand(outcome, opens, near_or_far, 0, np.ones((90, 1)))
    weights = kernel_matrix(columns["latitude"][::6], columns["longitude"][::6], kernel)
    result = analyse(table(**columns), design("access_did", options={"conley_kernel": kernel}, radius_km=2.5))
    assert result.estimates[0].value == pytest.approx(value, rel=1e-8)
    assert result.estimates[0].std_error == pytest.approx(np.sqrt(influence @ weights @ influence), rel=1e-8)
    assert any(f"{kernel} kernel, cut-off 1.5 km" in note for note in result.sample.notes)


def children(*, n=900, seed=5):
    """Children of births 1 to 6 around sites that open in 3, 4 and 5, exposed at age 0 if near; each seen once."""
    rng = np.random.default_rng(seed)
    born, which = rng.integers(1, 7, n), rng.integers(0, 3, n)
    distance, angle = rng.uniform(0, 4.9, n), rng.uniform(0, 2 * np.pi, n)
    columns = {
        "outcome": 0.3 * born + rng.normal(size=n),
        "born": born.astype(float),
        "latitude": 53 + distance * np.cos(angle) * KM,
        "longitude": -2 + 3 * which + distance * np.sin(angle) * KM / np.cos(np.radians(53)),
        "sites": sites([53] * 3, -2 + 3 * np.arange(3), [3, 4, 5]),
    }
    start = np.where(ring_of(columns, 1)[1] <= 2.5, 3.0 + which, np.inf)
    return columns, start


def by_birth(outcome, born, start):
    """The average effect on those exposed from differences of four means, and each child's influence on it."""
    size, cells = len(outcome), []
    for cohort in (3, 4, 5):
        for birth in range(cohort, 7):
            effect, influence = 0.0, np.zeros(size)
            for sign, who, when in (
                (1, start == cohort, birth),
                (-1, start == cohort, cohort - 1),
                (-1, np.isinf(start), birth),
                (1, np.isinf(start), cohort - 1),
            ):
                cell = who & (born == when)
                effect += sign * outcome[cell].mean()
                influence += sign * cell * (outcome - outcome[cell].mean()) / cell.sum()
            cells.append((start == cohort, effect, influence))
    total = sum(mine.sum() for mine, _, _ in cells)
    value = sum(mine.sum() * effect for mine, effect, _ in cells) / total
    whole = sum(mine.sum() / total * influence + mine * (effect - value) / total for mine, effect, influence in cells)
    return value, whole


@pytest.mark.parametrize("kernel", KERNELS)
def test_access_by_birth_agrees_with_influence_worked_by_hand(kernel):
    columns, start = children()
    value, influence = by_birth(columns["outcome"], columns["born"], start)
    weights = kernel_matrix(columns["latitude"], columns["longitude"], kernel)
    names = {"unit": None, "period": None, "born": "b"}
    spec = design("access_did", columns=names, options={"conley_kernel": kernel}, radius_km=2.5, exposure_ages=[0, 0])
    headline = analyse(table(**columns), spec).estimates[0]
    assert headline.value == pytest.approx(value, rel=1e-8)
    assert headline.std_error == pytest.approx(np.sqrt(influence @ weights @ influence), rel=1e-8)
    within_none = replace(spec, options=replace(spec.options, conley_km=1e-6))
    assert analyse(table(**columns), within_none).estimates[0].std_error == pytest.approx(
        np.sqrt(influence @ influence), rel=1e-8
    )


def rings_of_curve(result, apart):
    """The ring of each home among those that the data chose. Inner edges are homes' own distances: those are in."""
    edges = np.array([ring.inner_km for ring in result.rings])
    return np.searchsorted(edges - 1e-6, apart, side="right") - 1


def assert_same_curve(result, values, covariance):
    """Values and errors of the points to 1e-8, and the band that this covariance asks for."""
    errors = np.sqrt(np.diag(covariance))
    assert [point.value for point in result.distance_curve] == pytest.approx(values, rel=1e-8)
    assert [point.std_error for point in result.distance_curve] == pytest.approx(errors, rel=1e-8)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(len(values)), covariance, 200_000)
    needed = np.quantile(np.abs(draws / errors).max(axis=1), 0.95)
    reach = [(point.band_upper - point.value) / point.std_error for point in result.distance_curve]
    assert reach == pytest.approx([reach[0]] * len(reach))
    assert needed < reach[0] < 1.1 * needed  # the band also allows for errors that rest on some 60 homes a ring


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_curve_of_one_date_agrees_with_the_dense_regression(kernel):
    columns, outcome, _ = homes(n=240)
    result = analyse(table(**columns), design("distance_curve", options={"conley_kernel": kernel}, edges_km=[0, 5]))
    ring = np.repeat(rings_of_curve(result, ring_of(columns)[1]), 6)
    after, n_points = columns["period"] >= 3, len(result.rings) - 1
    treated = np.column_stack([(ring == each) & after for each in range(n_points)]).astype(float)
    x = np.column_stack([treated, dummies(columns["unit"]), dummies(columns["period"])[:, 1:]])
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ outcome.ravel()
    scores = x * (outcome.ravel() - x @ coefficients)[:, None]
    weights = kernel_matrix(columns["latitude"], columns["longitude"], kernel)
    variance = bread @ scores.T @ weights @ scores @ bread * len(x) / (len(x) - x.shape[1])
    assert n_points >= 3
    assert_same_curve(result, coefficients[:n_points], variance[:n_points, :n_points])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_curve_of_many_dates_agrees_with_influence_worked_by_hand(kernel):
    columns, outcome, _ = homes(n=240, openings=(3, 4))
    result = analyse(table(**columns), design("distance_curve", options={"conley_kernel": kernel}, edges_km=[0, 5]))
    ring, n_points = rings_of_curve(result, ring_of(columns)[1]), len(result.rings) - 1
    ring = np.where(ring == n_points, -1, ring)
    opens = np.array([3, 4])[np.arange(240) % 2]
    found = [
        by_hand(outcome, opens, np.where(ring == -1, 2, np.where(ring == each, 0, 1)), 0, np.ones((240, 1)))
        for each in range(n_points)
    ]
    influence = np.column_stack([part for _, part in found])
    weights = kernel_matrix(columns["latitude"][::6], columns["longitude"][::6], kernel)
    assert n_points >= 3
    covariance = influence.T @ weights @ influence
    assert_same_curve(result, [value for value, _ in found], covariance)
    assert any("cut-off 1.5 km" in note for note in result.sample.notes)


@pytest.mark.parametrize("openings", [(3,), (3, 4)])
def test_what_conley_errors_lack_is_named(openings):
    columns, _, _ = homes(openings=openings)
    with pytest.raises(BadInput) as lacking:
        analyse(table(**columns), design(options={"conley_km": None}))
    assert lacking.value.issues[0].code == "conley_km_missing"
    _, apart = ring_of(columns)
    where = {"distance_km": np.repeat(apart, 6), "first_treated": np.full(540, 3.0)}
    by_distance = {name: columns[name] for name in ("outcome", "unit", "period")} | where
    by_distance["first_treated"][:60] = openings[-1]
    named = {"latitude": None, "longitude": None, "distance_km": "d", "first_treated": "f"}
    with pytest.raises(BadInput) as lacking:
        analyse(table(**by_distance), design(columns=named))
    assert lacking.value.issues[0].code == "place_not_named"


@pytest.mark.parametrize("pairs_at_once", [1, 300, 10**9])
def test_sums_over_neighbours_do_not_depend_on_the_size_of_the_pieces(monkeypatch, pairs_at_once):
    rng = np.random.default_rng(2)
    latitude, longitude = 53 + rng.uniform(0, 0.1, 200), -2 + rng.uniform(0, 0.1, 200)
    values = rng.normal(size=(200, 3))
    monkeypatch.setattr(conley, "PAIRS_AT_ONCE", pairs_at_once)
    found = neighbour_sums(conley.unit_sphere(latitude, longitude), values, angle=1.5 / EARTH_KM, kernel="triangular")
    assert found == pytest.approx(kernel_matrix(latitude, longitude, "triangular") @ values, rel=1e-8)
