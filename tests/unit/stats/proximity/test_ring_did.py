"""Rings around one opening date: worked by hand, invariant, and refused where there is no answer."""

import numpy as np
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import sites, table

EDGES = [0, 1, 2.5, 5]


def design(*, columns=None, options=None, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "y", "post": "post", "distance_km": "d"} | (columns or {}),
            "options": options or {},
            "proximity": {"edges_km": EDGES} | proximity,
        }
    )


def homes(*, effects=(3.0, 1.0, 0.0), per_ring=20, periods=(2001, 2002, 2003, 2004), opens=2003, noise=0.0, seed=1):
    """Homes in three rings seen each period: unit effects, a common trend, and `effects` by ring from opening."""
    rng = np.random.default_rng(seed)
    middles = np.repeat([0.5, 2.0, 4.0], per_ring)
    effect = np.repeat(effects, per_ring)
    unit, period = np.meshgrid(np.arange(len(middles)), periods, indexing="ij")
    post = (period >= opens).astype(float)
    level = rng.normal(0, 5, len(middles))[:, None] + 0.7 * (period - periods[0]) ** 2
    outcome = level + effect[:, None] * post + noise * rng.normal(size=post.shape)
    return {
        "outcome": outcome.ravel(),
        "unit": unit.ravel(),
        "period": period.ravel(),
        "post": post.ravel(),
        "distance_km": np.repeat(middles, len(periods)),
    }


def values(result):
    return [ring.value for ring in result.rings]


def without(columns, *names):
    return {name: column for name, column in columns.items() if name not in names}


def kept(columns, rows):
    return {name: column[rows] for name, column in columns.items()}


def test_each_ring_shows_its_own_effect_and_the_outermost_none():
    result = analyse(table(**homes()), design())
    assert values(result) == pytest.approx([3.0, 1.0, None])
    assert result.estimates[0].value == result.rings[0].value
    assert result.estimates[0].n_treated_units == 20
    assert [(ring.inner_km, ring.outer_km, ring.n_units) for ring in result.rings] == [
        (0, 1, 20),
        (1, 2.5, 20),
        (2.5, 5, 20),
    ]


def test_rows_that_are_not_followed_give_ring_and_post_effects_worked_by_hand():
    # Two rings, before and after, two rows each: (14 - 10) - (7 - 5) = 2. Squares around the four means add up to
    # 2 + 2 + 2 + 2 = 8 on 4 degrees of freedom, each mean has variance 2/2, so the error is sqrt(2/2 * 4) = 2.
    result = analyse(
        table(
            [9, 11, 13, 15, 4, 6, 6, 8],
            post=[0, 0, 1, 1, 0, 0, 1, 1],
            distance_km=[0.5] * 4 + [3.0] * 4,
        ),
        design(options={"std_errors": "classical"}, edges_km=[0, 1, 5]),
    )
    assert result.estimates[0].value == pytest.approx(2)
    assert result.estimates[0].std_error == pytest.approx(2)


def test_the_reference_rings_own_variance_counts():
    """Butts's helper leaves it out; the error must be that of the difference of two changes."""
    rng = np.random.default_rng(5)
    near, far = rng.normal(0, 1, 500), rng.normal(0, 10, 500)
    post = np.tile([0.0, 1.0], 250)
    result = analyse(
        table(np.r_[near, far], post=np.r_[post, post], distance_km=np.r_[np.full(500, 0.5), np.full(500, 3.0)]),
        design(edges_km=[0, 1, 5]),
    )
    means = [part[post == when].var(ddof=1) / 250 for part in (near, far) for when in (0, 1)]
    assert result.estimates[0].std_error == pytest.approx(np.sqrt(sum(means)), rel=0.005)  # hc1's factor is 1.002


def test_a_distance_of_nought_is_in_the_first_ring_and_the_last_edge_is_beyond():
    columns = homes()
    columns["distance_km"] = np.where(columns["distance_km"] == 0.5, 0.0, columns["distance_km"])
    outside = {name: column[:4].copy() for name, column in columns.items()}
    outside |= {"unit": np.full(4, 999), "distance_km": np.full(4, 5.0), "outcome": np.full(4, 1e6)}
    both = {name: np.r_[columns[name], outside[name]] for name in columns}
    result = analyse(table(**both), design())
    assert result.rings[0].n_units == 20
    assert values(result) == pytest.approx([3.0, 1.0, None])
    assert [(d.reason, d.rows, d.units) for d in result.sample.dropped] == [("beyond_last_edge", 4, 1)]
    assert result.sample.rows_used == 240


def test_a_donut_leaves_out_and_counts_those_nearest():
    result = analyse(table(**homes()), design(edges_km=[0, 2.5, 5], donut_km=1.0))
    assert result.estimates[0].value == pytest.approx(1.0)
    assert [(d.reason, d.units) for d in result.sample.dropped] == [("inside_donut", 20)]


def test_row_order_and_unit_names_change_nothing():
    columns = homes(noise=1.0)
    order = np.random.default_rng(3).permutation(len(columns["outcome"]))
    shuffled = kept(columns, order) | {"unit": 1000 - columns["unit"][order]}
    first, second = (analyse(table(**c), design()) for c in (columns, shuffled))
    assert values(first)[:2] == pytest.approx(values(second)[:2], rel=1e-10)
    assert first.estimates[0].std_error == pytest.approx(second.estimates[0].std_error, rel=1e-10)


def test_the_input_is_left_as_it_was():
    columns = homes(noise=1.0)
    before = {name: column.copy() for name, column in columns.items()}
    analyse(table(**columns), design())
    assert all((columns[name] == before[name]).all() for name in columns)


def test_adding_a_constant_moves_nothing_and_a_scale_scales():
    columns = homes(noise=1.0)
    plain = analyse(table(**columns), design())
    moved = analyse(table(**columns | {"outcome": 10 * columns["outcome"] + 7}), design())
    assert [10 * v for v in values(plain)[:2]] == pytest.approx(values(moved)[:2])


def test_aggregate_cells_give_the_rows_answer_and_error():
    rng = np.random.default_rng(8)
    n = 4_000
    ring, post = rng.integers(0, 3, n), rng.integers(0, 2, n).astype(float)
    outcome = rng.normal(ring, 1 + ring) + 2 * post * (ring == 0)
    middle = np.array([0.5, 2.0, 4.0])
    groups = [(ring == r) & (post == p) for r in range(3) for p in (0, 1)]
    cells = {
        "outcome": np.array([outcome[g].mean() for g in groups]),
        "n": np.array([g.sum() for g in groups], float),
        "sd": np.array([outcome[g].std(ddof=1) for g in groups]),
        "post": np.tile([0.0, 1.0], 3),
        "distance_km": np.repeat(middle, 2),
    }
    for errors in ("classical", "hc1"):
        spec = design(options={"std_errors": errors})
        rows = analyse(table(outcome, post=post, distance_km=middle[ring]), spec)
        summed = analyse(table(**cells), spec)
        assert summed.estimates[0].value == pytest.approx(rows.estimates[0].value, rel=1e-10)
        assert summed.estimates[0].std_error == pytest.approx(rows.estimates[0].std_error, rel=1e-10)
        assert summed.estimates[0].n_obs == n
        assert [r.n_units for r in summed.rings] == [r.n_units for r in rows.rings]


def test_one_opening_date_of_sites_is_the_same_as_post():
    columns = homes(noise=1.0)
    km = 1 / 111.2526  # a degree of latitude at 53 degrees north is about 111.25 km
    places = {
        "latitude": 53 + columns["distance_km"] * km,
        "longitude": np.full(len(columns["outcome"]), -2.0),
        "sites": sites([53], [-2], [2003]),
    }
    by_post = analyse(table(**columns), design())
    spec = design(columns={"post": None, "distance_km": None, "period": "t", "latitude": "a", "longitude": "o"})
    by_site = analyse(table(**without(columns, "post", "distance_km") | places), spec)
    assert values(by_site) == values(by_post)
    assert by_site.estimates[0].std_error == by_post.estimates[0].std_error


def test_trends_before_opening_are_tested_by_ring():
    columns = homes(noise=1.0, periods=(1999, 2000, 2001, 2002, 2003, 2004))
    drifting = columns["outcome"] + (columns["distance_km"] == 0.5) * (columns["period"] - 2002.0) * 1.5
    result = analyse(table(**columns | {"outcome": drifting}), design())
    tests = {(d.code, (d.details or {}).get("inner_km")): d for d in result.diagnostics}
    assert tests["pretrend_joint", None].p_value < 0.001
    assert tests["pretrend_ring", 0.0].p_value < 0.001
    assert tests["pretrend_ring", 1.0].p_value > 0.01
    assert tests["pretrend_joint", None].df[0] == 6
    assert "does not show" in tests["pretrend_joint", None].reading
    assert [e.event_time for e in result.event_study] == [-4, -3, -2, 0, 1]
    assert result.covariance.shape == (5, 5)


def test_one_period_before_opening_has_no_test_of_trends():
    result = analyse(table(**homes(noise=1.0, opens=2002)), design())
    assert not [d for d in result.diagnostics if d.code.startswith("pretrend")]


def test_someone_who_moves_stays_in_the_ring_first_seen_in_and_is_counted():
    columns = homes()
    moved = columns["distance_km"].copy()
    moved[2:4] = 4.0
    result = analyse(table(**columns | {"distance_km": moved}), design())
    assert values(result) == pytest.approx([3.0, 1.0, None])
    assert next(d for d in result.diagnostics if d.code == "movers").statistic == 1


def test_a_ring_of_fewer_than_ten_is_reported_and_flagged():
    result = analyse(table(**homes(per_ring=9, noise=1.0)), design())
    assert result.rings[0].value is not None
    assert len([d for d in result.diagnostics if d.code == "ring_small"]) == 3


def test_few_clusters_withhold_the_interval_and_keep_the_value():
    columns = homes(noise=1.0)
    result = analyse(table(**columns, cluster=columns["unit"] % 6), design(columns={"cluster": "c"}))
    assert result.estimates[0].std_error > 0
    assert result.estimates[0].p_value is None
    assert "few_clusters" in {d.code for d in result.diagnostics}


def test_a_covariate_that_never_changes_is_left_out_and_named():
    columns = homes(noise=1.0)
    result = analyse(
        table(**columns, covariates=columns["unit"] * 1.0),
        design(options={"estimation": "linear"}, columns={"covariates": ["x0"]}),
    )
    assert any("x0" in note for note in result.sample.notes)


def everyone_near(columns):
    return columns | {"distance_km": np.full(len(columns["outcome"]), 0.5)}


REFUSALS = {
    "ring_empty": (everyone_near, {}),
    "no_post_period": (lambda c: c | {"post": c["post"] * 0}, {}),
    "no_pre_period": (lambda c: c | {"post": c["post"] * 0 + 1}, {}),
    "finer_than_precision": (lambda c: c | {"precision_km": 3.0}, {}),
    "no_overlap": (lambda c: c | {"covariates": c["unit"] * 1.0}, {}),
    "covariates_linear_only": (
        lambda c: without(c, "unit") | {"covariates": c["unit"] * 1.0, "n": c["post"] * 0 + 9, "sd": c["post"] + 1},
        {"options": {"panel": False}},
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_question_without_an_answer_is_refused_with_a_cure(code):
    change, how = REFUSALS[code]
    refusal = analyse(table(**change(homes())), design(**how)).refusal
    assert refusal.code == code
    assert refusal.message
    assert refusal.hint


def test_a_ring_seen_only_after_opening_is_refused_by_name():
    columns = without(homes(), "unit", "period")
    rows = ~((columns["distance_km"] == 2.0) & (columns["post"] == 0))
    refusal = analyse(table(**kept(columns, rows)), design()).refusal
    assert refusal.code == "ring_empty"
    assert "1 to 2.5 km" in refusal.message
    assert "before" in refusal.message
