"""Pages that pool what can be pooled and say of the rest why not."""

import pytest
from django.core.management import call_command
from django.utils import timezone
from model_bakery import baker

from evidence.catalogue.models import Intervention, Visibility
from evidence.estimates.actions import About, Measured, log_estimate

pytestmark = pytest.mark.django_db


def test_the_worked_example_gives_the_published_answer(client):
    text = client.get("/methods/worked-synthesis/").content.decode()
    assert "Example" in text
    assert "0.08 standard deviations of pupils" in text
    assert "<svg" in text


def test_sure_start_cannot_be_pooled_and_the_page_says_exactly_why(client):
    call_command("load_catalogue", verbosity=0)
    text = client.get("/interventions/sure-start/synthesis/").content.decode()
    assert "published without a standard error or an interval" in text
    assert "carry neither a standard error nor an interval" in text
    assert "<svg" not in text.split("<main", 1)[1].split("</main>", 1)[0]


def test_an_unknown_intervention_has_no_synthesis(client):
    assert client.get("/interventions/no-such-thing/synthesis/").status_code == 404


def test_what_is_pooled_is_pooled_apart_by_target_group_and_kind_of_place(client, intervention, outcome, published):
    public = {"visibility": Visibility.PUBLIC, "published_at": timezone.now()}
    Intervention.objects.update(**public)
    groups = {
        name: baker.make("evidence.TargetGroup", name=name, code=name, slug=name) for name in ("Carers", "Pupils")
    }
    coast = baker.make("evidence.Place", name="Thanet", code="E1", kind="upper_tier_authority", is_coastal=True)
    inland = baker.make("evidence.Place", name="Leeds", code="E2", kind="upper_tier_authority", is_coastal=False)
    told = [("Carers", coast, 1.0), ("Carers", coast, 1.4), ("Pupils", inland, 3.0), ("Pupils", coast, 3.4)]
    for number, (group, place, value) in enumerate(told):
        named = {"title": f"Study {number}", "code": f"S{number}", "status": "published", "design": "did"}
        study = baker.make("evidence.Study", intervention=intervention, **named, **public)
        study.places.add(place)
        log_estimate(
            study=study,
            outcome=outcome,
            estimate_kind="causal",
            measured=Measured(unit="percentage points", direction="higher", value=value, std_error=0.5),
            about=About(target_group=groups[group]),
            origin=published,
            visibility=Visibility.PUBLIC,
            by=None,
        )
    text = " ".join(client.get("/interventions/hubs/synthesis/").content.decode().split())
    assert "Good level of development, by target group" in text
    assert "1.20 percentage points" in text
    assert "3.20 percentage points" in text
    assert "Good level of development, by kind of place" in text
    for kind in ("Coastal", "Single authorities"):
        assert kind in text
    assert "a difference between them does not say what made it" in text
