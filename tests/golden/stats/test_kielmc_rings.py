"""The incinerator study (Kiel and McClain 1995) as rings: Wooldridge, Introductory Econometrics, example 13.3."""

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import table

KM_IN_A_FOOT = 0.0003048
THREE_MILES_KM = 3 * 1.609344
EDGES = [0, THREE_MILES_KM, 13]
FULL = ["age", "agesq", "intst", "land", "area", "rooms", "baths"]
LOGS = ["age", "agesq", "lintst", "lland", "larea", "rooms", "baths"]

# outcome, covariates, the change near the incinerator, its classical error, tolerance of the printed digits
PUBLISHED = [
    ("rprice", [], -11863.90, 7456.65, 0.01),
    ("rprice", ["age", "agesq"], -21920.27, 6359.75, 0.01),
    ("rprice", FULL, -14177.93, 4987.27, 0.01),
    ("lprice", [], -0.063, 0.083, 0.0005),
    ("lprice", LOGS, -0.132, 0.052, 0.0006),
]


@pytest.fixture(scope="module")
def houses(shared_data) -> pd.DataFrame:
    return pd.read_csv(shared_data / "reference" / "kielmc.csv")


def houses_table(houses, outcome, covariates):
    return table(
        houses[outcome],
        post=houses.y81.to_numpy(float),
        distance_km=houses.dist.to_numpy() * KM_IN_A_FOOT,
        covariates=houses[covariates].to_numpy() if covariates else None,
    )


def design(edges=EDGES):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "rprice", "post": "y81", "distance_km": "dist"},
            "options": {"std_errors": "classical", "estimation": "linear"},
            "proximity": {"edges_km": edges},
        }
    )


@pytest.mark.parametrize(("outcome", "covariates", "value", "std_error", "tolerance"), PUBLISHED)
def test_near_against_far_is_the_published_estimate(houses, outcome, covariates, value, std_error, tolerance):
    result = analyse(houses_table(houses, outcome, covariates), design())
    headline = result.estimates[0]
    assert headline.value == pytest.approx(value, abs=tolerance)
    assert headline.std_error == pytest.approx(std_error, abs=tolerance)
    assert (headline.n_obs, headline.n_treated_units) == (321, 96)
    assert [ring.n_units for ring in result.rings] == [96, 225]


def test_every_ring_is_its_own_near_against_far_when_rings_are_many(houses):
    """With ring and post effects, each ring's change is the 2x2 of its four cell means."""
    edges = [0, 3, 4.5, 6, 13]
    result = analyse(houses_table(houses, "rprice", []), design(edges))
    ring = np.digitize(houses.dist * KM_IN_A_FOOT, edges) - 1
    mean = houses.groupby([ring, houses.y81]).rprice.mean()
    change = [mean[r, 1] - mean[r, 0] for r in range(4)]
    assert [r.value for r in result.rings[:3]] == pytest.approx([change[r] - change[3] for r in range(3)])
    assert result.rings[3].value is None
    assert result.rings[3].is_reference
