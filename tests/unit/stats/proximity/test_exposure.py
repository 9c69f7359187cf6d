"""Exposure over time: a site counts from the period of its opening until that of its closing."""

import numpy as np
import pytest

from evaluations.stats.proximity.distances import cartesian_km
from evaluations.stats.proximity.exposure import exposed_during, first_exposed, sites_open_within
from evaluations.stats.table import Sites

FOREVER = np.inf
KM_NORTH = 1 / 111.32  # degrees of latitude


def sites_at(*, km_north, opened, closed):
    latitude = 53 + np.array(km_north, dtype=float) * KM_NORTH
    names = tuple(f"site {i}" for i in range(len(km_north)))
    return Sites(names, latitude, np.full(len(names), -2.0), np.array(opened, float), np.array(closed, float))


def located(sites):
    return cartesian_km(sites.latitude, sites.longitude)


HOME = cartesian_km(np.array([53.0]), np.array([-2.0]))


def test_first_exposure_is_the_earliest_opening_within_reach():
    sites = sites_at(km_north=[1, 2, 3], opened=[2005, 2003, 2001], closed=[FOREVER] * 3)
    assert first_exposed(HOME, located(sites), sites, 2.5).tolist() == [2003]
    assert first_exposed(HOME, located(sites), sites, 0.5).tolist() == [FOREVER]


def test_a_site_counts_from_the_period_it_opens_until_that_in_which_it_closes():
    sites = sites_at(km_north=[1], opened=[2003.7], closed=[2006.2])
    exposed = exposed_during(HOME, located(sites), sites, 2.5, np.array([2002.0]), 6)
    assert exposed.tolist() == [[False, True, True, True, False, False]]


def test_exposure_goes_on_when_one_site_closes_and_another_is_open():
    sites = sites_at(km_north=[1, 2], opened=[2001, 2003], closed=[2003, 2004])
    assert exposed_during(HOME, located(sites), sites, 2.5, np.array([2000.0]), 5).sum() == 3


def test_open_sites_are_counted_at_each_time():
    sites = sites_at(km_north=[1, 2, 9], opened=[2001, 2003, 2001], closed=[2004, FOREVER, FOREVER])
    counts = sites_open_within(HOME, located(sites), sites, 2.5, np.array([2000, 2002, 2003, 2004]))
    assert counts.tolist() == [[0, 1, 2, 1]]


@pytest.mark.parametrize(("opened", "closed"), [(np.nan, FOREVER), (2005, 2005), (2005, 2003)])
def test_a_site_that_never_opens_or_closes_by_its_opening_exposes_nobody(opened, closed):
    sites = sites_at(km_north=[1], opened=[opened], closed=[closed])
    assert not exposed_during(HOME, located(sites), sites, 2.5, np.array([2000.0]), 20).any()
    assert first_exposed(HOME, located(sites), sites, 2.5).tolist() == [FOREVER]


def test_a_site_open_since_ever_exposes_from_the_start():
    sites = sites_at(km_north=[1], opened=[-np.inf], closed=[np.nan])
    assert exposed_during(HOME, located(sites), sites, 2.5, np.array([1900.0]), 2).all()
