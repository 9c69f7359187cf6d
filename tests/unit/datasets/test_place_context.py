"""How deprived and rural areas are is looked up by code, point or name, and compared near and far."""

import io

import numpy as np
import pytest

from evaluations.datasets.gazetteer import AreaFigures, Places
from evaluations.datasets.gazetteer_files import read_places
from evaluations.datasets.ingest import load_table
from evaluations.stats.engine import analyse
from evaluations.stats.spec import parse_spec

AREAS = """LSOA21CD,lat,lon,IMD decile,IMD score,RUC21CD
E01000001,53.00,-2.0,2,40,UN1
E01000002,53.03,-2.0,5,20,UF1
E01000003,53.06,-2.0,9,10,RLN1
E01000004,53.09,-2.0,10,,RSF1
"""
CODES = ["E01000001", "E01000002", "E01000003", "E01000004"]
TOWNS = AreaFigures(
    ("Deprivation, UK-wide", "Share of people in urban areas"),
    {"near town": 0, "e06000001": 0, "far town": 1, "e06000002": 1},
    np.array([[40.0, 1.0], [10.0, 0.2]]),
    "Credit to give.",
)


def small_areas():
    return read_places(io.BytesIO(AREAS.encode()))


def design(**columns):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "y", "post": "p", "distance_km": "d"} | columns,
            "proximity": {"edges_km": [0, 4, 20]},
        }
    )


def rows(areas, places, **columns):
    """Forty homes a place, seen once: those of the first are near, the others far."""
    rng = np.random.default_rng(1)
    lines = ["y,p,d,area,lat,lon"]
    for i in range(160):
        at = i % 4
        lines.append(
            f"{rng.normal():.3f},{i // 4 % 2},{1 + 3 * at + 0.01 * i:.2f},{areas[at]},{53 + 0.03 * at + 1e-4},-2.0"
        )
    return load_table(io.BytesIO("\n".join(lines).encode()), design(**columns), places=places)


def balance(table):
    return next(d for d in analyse(table, design()).diagnostics if d.code.startswith(("near_far", "balance")))


def test_a_file_of_small_areas_may_say_how_deprived_and_rural_they_are():
    figures = small_areas().small_area.figures
    assert figures["deprivation"] == pytest.approx([40, 20, 10, np.nan], nan_ok=True)  # the score, not the decile
    assert figures["rural"].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "words", [("Urban: Nearer to a major town", "Rural: Smaller settlement"), ("A1", "E1"), ("0", "1"), ("UN1", "RSN1")]
)
def test_rurality_is_read_in_each_way_it_is_published(words):
    text = f"code,lat,lon,rural_urban\nE01000001,53,-2,{words[0]}\nE01000002,53.1,-2,{words[1]}\n"
    assert read_places(io.BytesIO(text.encode())).small_area.figures["rural"].tolist() == [0, 1]


@pytest.mark.parametrize("role", ["small_area", "neighbourhood", "cluster"])
def test_near_and_far_are_compared_by_the_codes_of_small_areas(role):
    table = rows(CODES, small_areas(), **{role: "area"})
    found = balance(table)
    assert found.code == "near_far_balance"
    differences = found.details["differences"]
    assert differences["deprivation"] > 1
    assert differences["rural"] < -1
    assert any("small areas, looked up by their codes" in note for note in table.notes)


def test_points_have_the_figures_of_the_nearest_small_area():
    named = rows(CODES, small_areas(), small_area="area")
    placed = rows(CODES, small_areas(), latitude="lat", longitude="lon")
    assert placed.context_names == ("deprivation", "rural")
    assert np.array_equal(np.sort(placed.context, axis=0), np.sort(named.context, axis=0), equal_nan=True)
    assert any("nearest middle" in note for note in placed.notes)


BY_CODE = ["E06000001", "E06000001", "E06000002", "E06000001"]


@pytest.mark.parametrize("towns", [["Near town", "NEAR TOWN ", "Far town", "Near town"], BY_CODE])
def test_a_column_of_authorities_has_the_catalogues_figures_with_their_credit(towns):
    table = rows(towns, Places(larger=TOWNS), neighbourhood="area")
    found = balance(table)
    assert "Deprivation, UK-wide" in found.reading
    assert "Share of people in urban areas" in found.reading
    assert any("Credit to give." in note for note in table.notes)


def test_a_column_of_something_else_is_not_taken_for_areas():
    table = rows(["a", "b", "Far town", "d"], Places(larger=TOWNS), neighbourhood="area")
    assert table.context is None
    assert balance(table).code == "balance_not_checked"


def test_figures_on_areas_change_no_number():
    known, unknown = rows(CODES, small_areas(), neighbourhood="area"), rows(CODES, None, neighbourhood="area")
    assert analyse(known, design()).estimates == analyse(unknown, design()).estimates
