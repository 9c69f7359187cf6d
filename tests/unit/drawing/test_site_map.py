"""Sites on a map: to scale, escaped, with every site in the table."""

import re

from evidence.drawing.site_map import Landmark, MappedSite, site_map

SITES = [
    MappedSite("North <b>", 53.1, -2.0, 0, "from 2003"),
    MappedSite("South", 53.0, -2.0, 1, "from 2005", "It may be in the sea."),
]


def figure(**changes):
    how = {"groups": ["Opened 2003", "Opened 2005"], "circles_km": [2.5], "title": "Sites"} | changes
    return site_map(SITES, **how)


def test_every_site_is_in_the_table_with_the_way_to_its_nearest():
    rows = figure().table.rows
    assert [row[0].text for row in rows] == ["North <b>", "South"]
    assert [row[4].text for row in rows] == ["11.1", "11.1"]
    assert rows[1][5].text == "It may be in the sea."


def test_circles_are_to_scale_and_round():
    drawing = str(figure().wide)
    dots = [(float(y), float(r)) for y, r in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)" r="([\d.]+)"', drawing)]
    circles = [each for each in dots if each[1] > 5]
    apart = abs(circles[0][0] - circles[1][0])
    assert len(circles) == 2
    assert abs(apart / circles[0][1] - 11.13 / 2.5) < 0.05


def test_names_are_escaped_and_nothing_is_styled_inline():
    drawing = str(figure().wide)
    assert "<b>" not in drawing
    assert "style=" not in drawing


def test_landmarks_outside_the_frame_are_left_out():
    drawing = str(figure(landmarks=[Landmark("Here", 53.05, -2.0), Landmark("Far", 57.0, -2.0)]).wide)
    assert "Here" in drawing
    assert "Far" not in drawing


def test_a_name_that_would_lie_over_another_is_left_out_and_its_dot_is_not():
    beside = Landmark("Stockton", 53.051, -1.999)
    landmarks = [Landmark("Darlington", 53.05, -2.0), beside, Landmark("Lincoln", 53.08, -2.0)]
    drawing = str(figure(landmarks=landmarks).wide)
    assert "Darlington" in drawing and "Lincoln" in drawing
    assert "Stockton" not in drawing
    assert drawing.count('r="2"') == 3


def test_no_site_is_said_in_words():
    assert "no site" in str(site_map([], groups=[], title="Sites").wide)
