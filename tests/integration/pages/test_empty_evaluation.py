"""An evaluation with nothing in it yet: each page says what to do, and none breaks."""

import pytest

from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["", "edit/", "data/", "data/upload/", "plan/", "plan/columns/", "runs/", "sharing/"])
def test_a_page_of_an_empty_evaluation_answers(client, page):
    admin = make_user()
    evaluation = make_evaluation(owner=make_organisation(admin), by=admin)
    client.force_login(admin)

    response = client.get(f"/evaluations/{evaluation.pk}/{page}")

    assert response.status_code == 200
