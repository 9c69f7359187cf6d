"""A brief on thin evidence leads to an evaluation whose form and plan are filled in."""

import html
import re

import pytest
from django.urls import reverse

from evaluations.workspaces.models import Evaluation
from evidence.catalogue.models import Intervention, Outcome
from evidence.catalogue.signals import tell_changed
from evidence.places.models import Place
from tests.workspace_records import make_dataset, make_intervention, make_organisation, make_user, panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_place(catalogue):
    """A programme of one authority, on which nothing is known."""
    row = make_intervention(slug="one-place", name="One place alone")
    row.places.add(Place.objects.get(code="E08000003"))
    tell_changed([row.pk])


@pytest.mark.parametrize(
    ("slug", "units", "estimator"),
    [("youth-guarantee", "people", "callaway_santanna"), ("one-place", "not_people", "synthetic_did")],
)
def test_the_brief_opens_a_filled_in_plan(one_place, client, slug, units, estimator):
    analyst = make_user("Eva")
    organisation = make_organisation(analyst=analyst)
    client.force_login(analyst)
    brief = client.get(f"/interventions/{slug}/brief/").content.decode()
    page = client.get(html.unescape(re.search(r'href="(/evaluations/new/[^"]+)"', brief)[1]))
    row, initial = Intervention.objects.get(slug=slug), page.context["form"].initial
    assert (initial["intervention"], initial["units"]) == (str(row.pk), units)
    assert f"Evaluation of {row.name}" in html.unescape(page.content.decode())
    form = {"outcome": Outcome.objects.first().pk, **initial, "owner": organisation.pk, "lawful_basis": "public_task"}
    assert client.post("/evaluations/new/", form).status_code == 302
    evaluation = Evaluation.objects.get()
    assert evaluation.units_are_people == (units == "people")
    make_dataset(evaluation=evaluation, by=analyst, frame=panel())
    roles = {"role_0": "unit", "role_1": "period", "role_2": "first_treated", "role_3": "outcome"}
    columns = roles | {"dataset": evaluation.datasets.get().pk}
    assert client.post(reverse("plan-columns", args=[evaluation.pk]), columns).status_code == 302
    assert evaluation.plans.get().spec["estimator"] == estimator


def test_a_form_filled_in_by_its_address_takes_anything(client):
    analyst = make_user("Eva")
    make_organisation(analyst=analyst)
    client.force_login(analyst)
    for query in ("intervention=x", "intervention=%00", "units=nonsense&outcome=-1", "title=%3Cscript%3E"):
        page = client.get(f"/evaluations/new/?{query}")
        assert page.status_code == 200 and "<script>" not in page.content.decode().split("<main")[1].split("</main")[0]
