"""Two editors and a small catalogue to edit."""

import pytest
from model_bakery import baker

from evidence.catalogue.models import StudyStatus, Visibility
from evidence.estimates.actions import Measured, PublishedOrigin, log_estimate
from tests.workspace_records import make_intervention, make_outcome, make_user

PUBLIC = {"visibility": "public", "published_at": "2026-01-01T00:00:00Z"}


def make_editor(name: str):
    person = make_user(name)
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def editor(db):
    return make_editor("Edda Editor")


@pytest.fixture
def second(db):
    return make_editor("Sol Second")


@pytest.fixture
def hubs(db):
    return make_intervention(name="Hubs", code="hubs", slug="hubs", country="England")


@pytest.fixture
def source(db):
    return baker.make("evidence.Source", title="A report", code="report-1")


@pytest.fixture
def outcome(db):
    return make_outcome(name="In work", code="in-work", slug="in-work")


@pytest.fixture
def study(hubs, source):
    return baker.make(
        "evidence.Study",
        intervention=hubs,
        code="study-1",
        title="A study of hubs",
        status=StudyStatus.PUBLISHED,
        design="matched",
        source=source,
        **PUBLIC,
    )


@pytest.fixture
def log(source, outcome):
    """Logs a published estimate of a study."""

    def logged(study, value=2.0, **changes):
        return log_estimate(
            study=study,
            outcome=outcome,
            estimate_kind="causal",
            measured=Measured(unit="percentage points", direction="higher", value=value, std_error=0.5, **changes),
            origin=PublishedOrigin(source=source, source_location="Table 3"),
            visibility=Visibility.PUBLIC,
            by=None,
        )

    return logged
