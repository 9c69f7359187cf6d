"""A brief on thin evidence leads to an evaluation whose form and plan are filled in."""

import html
import re

import pytest
from django.urls import reverse

from evaluations.workspaces.models import Evaluation, LawfulBasis
from evidence.catalogue.models import Intervention
from tests.workspace_records import make_dataset, make_organisation, make_user, panel

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("slug", "units", "estimator"),
    [("youth-guarantee", "people", "callaway_santanna"), ("get-britain-working", "not_people", None)],
)
def test_the_brief_opens_a_filled_in_plan(catalogue, client, slug, units, estimator):
    analyst = make_user("Eva")
    organisation = make_organisation(analyst=analyst)
    client.force_login(analyst)
    brief = client.get(f"/interventions/{slug}/brief/").content.decode()
    href = html.unescape(re.search(r'href="(/evaluations/new/[^"]+)"', brief)[1])
    page = client.get(href)
    row = Intervention.objects.get(slug=slug)
    initial = page.context["form"].initial
    assert (initial["intervention"], initial["title"], initial["units"]) == (
        str(row.pk), f"Evaluation of {row.name}", units,
    )  # fmt: skip
    assert f"Evaluation of {row.name}" in html.unescape(page.content.decode())
    form = initial | {"owner": organisation.pk, "lawful_basis": LawfulBasis.PUBLIC_TASK}
    form.setdefault("outcome", catalogue_outcome())
    assert client.post("/evaluations/new/", form).status_code == 302
    evaluation = Evaluation.objects.get()
    assert evaluation.units_are_people == (units == "people")
    make_dataset(evaluation=evaluation, by=analyst, frame=panel())
    roles = dict(zip(("unit", "year", "first_treated", "outcome"), range(4), strict=True))
    names = {"unit": "unit", "year": "period", "first_treated": "first_treated", "outcome": "outcome"}
    columns = {f"role_{place}": names[column] for column, place in roles.items()}
    columns["dataset"] = evaluation.datasets.get().pk
    assert client.post(reverse("plan-columns", args=[evaluation.pk]), columns).status_code == 302
    wanted = estimator or next_of(row)
    assert evaluation.plans.get().spec["estimator"] == wanted


def catalogue_outcome():
    from evidence.catalogue.models import Outcome

    return Outcome.objects.values_list("pk", flat=True).first()


def next_of(row):
    from django.contrib.auth.models import AnonymousUser

    from evidence.briefs.next_evaluation import next_evaluation
    from evidence.briefs.queries import account_of

    return next_evaluation(account_of(AnonymousUser(), slug=row.slug)).estimator


def test_a_form_filled_in_by_its_address_takes_anything(client):
    analyst = make_user("Eva")
    make_organisation(analyst=analyst)
    client.force_login(analyst)
    for query in ("intervention=x", "intervention=%00", "units=nonsense&outcome=-1", "title=%3Cscript%3E"):
        page = client.get(f"/evaluations/new/?{query}")
        assert page.status_code == 200 and "<script>" not in page.content.decode().split("<main")[1].split("</main")[0]
