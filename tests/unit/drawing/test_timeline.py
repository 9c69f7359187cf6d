"""Timelines: bars from opening to closure, dots for evaluations, and the same as a table."""

import re

from evidence.drawing.timeline import Spell, timeline_figure

SPELLS = [
    Spell("First programme", 2000, 2004, evaluated=(2003, 2009)),
    Spell("Second programme", 2005, None, is_running=True),
    Spell("Unknown dates", None, None),
]


def test_each_spell_is_a_row_of_the_table():
    rows = [[cell.text for cell in row] for row in timeline_figure(SPELLS, title="t", until=2020).table.rows]
    assert rows == [
        ["First programme", "2000", "2004", "2003, 2009"],
        ["Second programme", "2005", "running", "none recorded"],
        ["Unknown dates", "not known", "not known", "none recorded"],
    ]


def test_only_known_spells_have_bars_and_every_evaluation_a_dot():
    wide = str(timeline_figure(SPELLS, title="t", until=2020).wide)
    assert len(re.findall(r'<rect [^>]*height="16"', wide)) == 2
    assert len(re.findall(r'<circle [^>]*r="5"', wide)) == 2


def test_a_running_programme_reaches_further_than_one_that_closed():
    wide = str(timeline_figure(SPELLS, title="t", until=2020).wide)
    bars = [
        (float(x), float(w))
        for x, w in re.findall(r'<rect [^>]*?x="([\d.]+)"[^>]*?width="([\d.]+)"[^>]*height="16"', wide)
    ]
    assert bars[0][0] < bars[1][0] and bars[1][1] > bars[0][1]
