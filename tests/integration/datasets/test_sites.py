"""Sites are checked when they are taken in, row by row, and shown on a map before they are used."""

import pytest
from django.urls import reverse

from evaluations.stats.issues import BadInput
from evidence.places.models import Place, PlaceKind
from tests.homes_by_postcode import a_whole_run, upload

pytestmark = pytest.mark.django_db


def sites(evaluation, by, rows):
    header = "name,latitude,longitude,opened,closed\n"
    return upload(evaluation, by, header + "\n".join(rows) + "\n", kind="sites")


GOOD = ["A,53.0,-2.0,2003,", "B,53.1,-2.1,2005-09-01,2010"]
WRONG = {
    "coordinates_swapped": "C,-2.0,53.2,2004,",
    "coordinates_zero": "C,0,0,2004,",
    "site_repeated": "a,53.0001,-2.0,2004,",
    "closed_before_opened": "C,53.2,-2.0,2004,2001",
    "date_unreadable": "C,53.2,-2.0,soon,",
    "date_impossible": "C,53.2,-2.0,2003-02-31,",
    "coordinates_outside_uk": "C,48.85,2.35,2004,",
    "coordinates_are_grid": "C,384600,398100,2004,",
    "site_without_place": "C,,,2004,",
}


@pytest.mark.parametrize("code", WRONG)
def test_a_site_that_cannot_be_right_is_refused_by_row(evaluation, analyst, code):
    rows = ["A,53.0,-2.0,2003,", "B,53.1,-2.1,2005,2010", WRONG[code]]
    with pytest.raises(BadInput) as caught:
        sites(evaluation, analyst, rows)
    assert (code, 4) in {(issue.code, issue.row) for issue in caught.value.issues}
    assert {issue.row for issue in caught.value.issues} == {4}


def test_a_site_far_from_any_known_place_is_remarked_on_by_row(evaluation, analyst):
    for number, (latitude, longitude) in enumerate(
        [(53.0, -2.0), (53.1, -2.1), (53.2, -2.3), (52.9, -1.8), (53.0, -2.4)]
    ):
        Place.objects.create(
            code=f"E0600000{number}",
            name=f"Town {number}",
            kind=PlaceKind.UPPER_TIER,
            latitude=latitude,
            longitude=longitude,
        )
    dataset = sites(evaluation, analyst, ["A,53.0,-2.0,2003,", "B,54.0,-4.9,2005,"])
    assert [(n["code"], n["row"]) for n in dataset.notices if "far" in n["code"]] == [("site_far_from_places", 3)]


def test_two_names_at_one_place_are_remarked_on_by_row(evaluation, analyst):
    dataset = sites(evaluation, analyst, ["A,53.0,-2.0,2003,", "B,53.1,-2.1,2005,", "C,53.1002,-2.1,2009,"])
    assert [(n["code"], n["row"], n["column"]) for n in dataset.notices if n["code"] == "sites_side_by_side"] == [
        ("sites_side_by_side", 4, "name")
    ]


def test_sites_are_shown_on_a_map_with_their_table(evaluation, analyst, client):
    dataset = sites(evaluation, analyst, ["A,53.0,-2.0,2003,", "B,53.1,-2.1,2005,2010"])
    client.force_login(analyst)
    page = client.get(reverse("dataset", args=[evaluation.pk, dataset.pk])).content.decode()
    assert "Where the sites are" in page
    assert "from 2005 until 2010" in page
    assert "2.5 km" in page


def test_remarks_on_sites_are_shown_with_their_cure(evaluation, analyst, client):
    dataset = sites(evaluation, analyst, ["A,53.0,-2.0,2003,", "B,53.0001,-2.0,2005,"])
    client.force_login(analyst)
    page = client.get(reverse("dataset", args=[evaluation.pk, dataset.pk])).content.decode()
    assert "Row 3: the site stands where that of row 2 stands, under another name. If they are one site, keep" in page


def test_the_result_of_a_proximity_run_shows_its_sites_and_radius(evaluation, analyst, loaded, client):
    run = a_whole_run(evaluation, analyst)
    client.force_login(analyst)
    page = client.get(reverse("run", args=[evaluation.pk, run.pk])).content.decode()
    assert "Where the sites are" in page
    assert "Living within 2.5 km of a site of" in page
    assert "This is access, not attendance." in page
    assert "Circles show 2.5 km" in page
    assert "The same question asked in other reasonable ways" in page
