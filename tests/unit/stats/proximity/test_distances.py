"""Distances to sites: against the geodesic, against every pair by hand, and the same in pieces."""

import numpy as np
import pytest
from pyproj import Geod

from evaluations.stats.proximity import distances
from evaluations.stats.proximity.distances import arc_km, cartesian_km, nearest_site, pairs_within, sites_within

GEODESIC_TOLERANCE = 0.001  # the accuracy promised: 0.1 %


def points(rng, n, *, spread=0.1):
    return 54 + rng.normal(0, spread, n), -2 + rng.normal(0, spread, n)


def geodesic_km(latitude, longitude, other_latitude, other_longitude):
    return Geod(ellps="WGS84").inv(longitude, latitude, other_longitude, other_latitude)[2] / 1000


def all_distances(people, sites):
    return arc_km(np.linalg.norm(people[:, None] - sites[None], axis=2))


@pytest.mark.parametrize("reach", [0.001, 0.1, 3.0])
def test_distances_agree_with_the_geodesic_across_the_united_kingdom(reach):
    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(50, 60.8, 2_000), rng.uniform(-8, 2, 2_000)
    other = np.clip(latitude + rng.normal(0, reach, 2_000), 49, 61), longitude + rng.normal(0, reach, 2_000)
    ours = arc_km(np.linalg.norm(cartesian_km(latitude, longitude) - cartesian_km(*other), axis=1))
    assert ours == pytest.approx(geodesic_km(latitude, longitude, *other), rel=GEODESIC_TOLERANCE)


def test_a_known_distance_charing_cross_to_edinburgh_castle():
    # 534.143 km by Karney's algorithm on WGS 84 (pyproj 3.7.2).
    london, edinburgh = cartesian_km(51.5074, -0.1278), cartesian_km(55.9486, -3.1999)
    assert arc_km(np.linalg.norm(london - edinburgh)) == pytest.approx(534.143406, rel=1e-5)


def test_the_nearest_site_is_the_nearest_of_all():
    rng = np.random.default_rng(2)
    people, sites = cartesian_km(*points(rng, 300)), cartesian_km(*points(rng, 40))
    found, every = nearest_site(people, sites), all_distances(people, sites)
    assert (found.site == every.argmin(axis=1)).all()
    assert found.distance_km == pytest.approx(every.min(axis=1), abs=1e-9)


@pytest.mark.parametrize(("many_points", "most_candidates"), [(10, 150), (10, 1), (50_000, 150)])
def test_how_many_are_in_reach_comes_with_the_nearest(monkeypatch, many_points, most_candidates):
    monkeypatch.setattr(distances, "MANY_POINTS", many_points)
    monkeypatch.setattr(distances, "MOST_CANDIDATES", most_candidates)
    monkeypatch.setattr(distances, "RUN", 16)
    rng = np.random.default_rng(5)
    people, sites = cartesian_km(*points(rng, 300)), cartesian_km(*points(rng, 40))
    found, every = nearest_site(people, sites, within_km=5.0), all_distances(people, sites)
    assert (found.site == every.argmin(axis=1)).all()
    assert (found.n_within == (every <= 5.0).sum(axis=1)).all()
    assert 0 < (found.n_within == 0).sum() < 300
    assert nearest_site(people, sites).n_within is None


def test_a_person_at_a_site_is_at_distance_nought():
    at = cartesian_km(np.array([53.0]), np.array([-2.0]))
    assert nearest_site(at, at).distance_km[0] == 0


@pytest.mark.parametrize("pairs_at_once", [1, 7, 1_000_000])
def test_pairs_are_those_of_every_pair_whatever_the_size_of_the_pieces(monkeypatch, pairs_at_once):
    monkeypatch.setattr(distances, "PAIRS_AT_ONCE", pairs_at_once)
    rng = np.random.default_rng(3)
    people, sites = cartesian_km(*points(rng, 200)), cartesian_km(*points(rng, 30))
    every = all_distances(people, sites)
    found = np.full(every.shape, np.nan)
    for pairs in pairs_within(people, sites, 5.0):
        assert np.isnan(found[pairs.person, pairs.site]).all()
        found[pairs.person, pairs.site] = pairs.distance_km
    assert (np.isfinite(found) == (every <= 5.0)).all()
    assert found[every <= 5.0] == pytest.approx(every[every <= 5.0], abs=1e-9)
    assert (sites_within(people, sites, 5.0) == (every <= 5.0).sum(axis=1)).all()


def test_nobody_within_reach_is_no_pairs():
    rng = np.random.default_rng(4)
    people, sites = cartesian_km(*points(rng, 5)), cartesian_km(np.array([60.0]), np.array([-1.0]))
    assert sites_within(people, sites, 1.0).tolist() == [0] * 5
