"""Real areas and dates at which nothing happened: the panel designs seldom call an effect, and the page shows it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.validation.page import markdown
from benchmarks.validation.placebo import DESIGNS, Design, Grid, behaviour, read_grids

FIGURES = Path(__file__).resolve().parents[3] / "docs" / "validation" / "placebo.json"
QUICK = (("inference", "randomisation"), ("draws", 99))


def made_up(*, jump: float) -> Grid:
    """Areas of very different noise; from each period to the next `jump` times the noise of a quiet area."""
    rng = np.random.default_rng(4)
    noise = np.exp(rng.normal(0, 0.8, (100, 1)))
    return Grid("made up", tuple(f"E06{n:06d}" for n in range(100)), 50 + jump * noise * rng.normal(size=(100, 12)))


def test_a_design_that_finds_effects_everywhere_would_show():
    naive = behaviour(Design("twfe", 1, (("std_errors", "hc1"),)), [made_up(jump=1)], 200)
    ours = behaviour(Design("twfe", 1, QUICK), [made_up(jump=1)], 200)
    assert ours.refused == 0 and 0.01 <= ours.rejects <= 0.085
    assert naive.refused == 0 and naive.rejects > 0.12


def test_the_published_series_give_no_more_effects_than_chance(shared_data):
    grids = read_grids(shared_data / "places" / "panels")
    assert len(grids) >= 20
    for n_treated in (1, 3):
        found = behaviour(Design("twfe", n_treated, QUICK), grids, 200)
        assert found.refused == 0 and 0.02 <= found.rejects <= 0.08


def test_the_page_shows_every_design_measured(client):
    rows = json.loads(FIGURES.read_text())
    assert {(row["label"], row["n_treated"]) for row in rows} <= {(each.label, each.n_treated) for each in DESIGNS}
    assert all(0.02 <= row["rejects"] <= 0.08 for row in rows if row["draws"] >= 200)
    text = markdown([], [], [], [], rows)
    page = client.get("/validation/").content.decode()
    for row in rows:
        assert row["label"] in text and row["label"] in page
