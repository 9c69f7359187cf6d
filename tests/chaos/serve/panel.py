"""A plan whose analysis takes seconds, so that there is a middle to be killed in."""

import numpy as np
import pandas as pd

from evaluations.organisations.models import User
from evaluations.plans.models import AnalysisPlan
from tests.workspace_records import (
    SPEC_2X2,
    make_dataset,
    make_evaluation,
    make_locked_plan,
    make_organisation,
    make_user,
)

ROWS = 400_000
EFFECT = 3.0


def rows() -> pd.DataFrame:
    """Two groups before and after, no noise to speak of, and a known effect."""
    draw = np.random.default_rng(1)
    treated, post = draw.integers(0, 2, ROWS), draw.integers(0, 2, ROWS)
    outcome = 10 + 2 * post + 5 * treated + EFFECT * treated * post + draw.normal(0, 1, ROWS)
    return pd.DataFrame({"treated": treated, "post": post, "outcome": outcome})


def locked_plan() -> tuple[AnalysisPlan, User]:
    """A locked plan on stored rows, and the analyst who may run it."""
    analyst = make_user("analyst")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=rows())
    return make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC_2X2), analyst
