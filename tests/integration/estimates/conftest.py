"""A small catalogue to log estimates into."""

import pytest
from model_bakery import baker

from evidence.catalogue.models import Direction, LifeStage, Status, StudyStatus
from evidence.estimates.actions import Measured, PublishedOrigin, RunOrigin


@pytest.fixture
def intervention(db):
    return baker.make(
        "evidence.Intervention", slug="hubs", name="Hubs", life_stage=LifeStage.EARLY_YEARS, status=Status.LIVE
    )


@pytest.fixture
def outcome(db):
    return baker.make("evidence.Outcome", slug="gld", name="Good level of development", direction=Direction.HIGHER)


@pytest.fixture
def study(intervention):
    return baker.make("evidence.Study", intervention=intervention, title="A study", status=StudyStatus.PUBLISHED)


@pytest.fixture
def source(db):
    return baker.make("evidence.Source", title="A report")


@pytest.fixture
def person(django_user_model):
    return django_user_model.objects.create_user(username="ana", email="ana@example.org", password="x")


@pytest.fixture
def published(source):
    return PublishedOrigin(source=source, source_location="Table 3")


@pytest.fixture
def computed():
    return RunOrigin(
        run_reference="run-1",
        term="att",
        data_sha256="a" * 64,
        spec_sha256="b" * 64,
        engine_version="1",
        seed=1,
        standing="supports",
        plan_locked_before_outcomes=True,
        n_plans_before=0,
        n_runs_before=0,
        reviewer_name="Ravi Reviewer",
    )


@pytest.fixture
def measured():
    return Measured(
        unit="percentage points", direction="higher", value=2.0, std_error=0.5, ci_lower=1.0, ci_upper=3.0, level=0.95
    )
