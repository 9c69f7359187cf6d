"""Who may do what: the one function, and the set form of it, agree on everyone and everything."""

import pytest
from django.contrib.auth.models import AnonymousUser

from evaluations.organisations.actions import end_membership
from evaluations.organisations.models import Role
from evaluations.organisations.permissions import MINIMUM_ROLE, Permission, may
from evaluations.workspaces.actions import share_with
from evaluations.workspaces.models import Evaluation, ShareLevel, Stage
from evaluations.workspaces.queries import evaluations_where
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

ROLES = ("viewer", "analyst", "lead")


@pytest.fixture
def world():
    """An evaluation at each stage, and everyone who could ask: the owner's people, partners', a stranger's."""
    people = {role: make_user(role) for role in ROLES}
    owner = make_organisation(**people)
    partners = {level: make_organisation(lead=make_user(f"partner_{level}")) for level in ShareLevel.values}
    stranger = make_organisation(lead=make_user("stranger"))
    evaluations = []
    for stage in Stage.values:
        evaluation = make_evaluation(owner=owner, by=people["analyst"], title=stage)
        for level, partner in partners.items():
            share_with(evaluation=evaluation, organisation=partner, level=level, by=people["lead"])
        Evaluation.objects.filter(pk=evaluation.pk).update(
            stage=stage, embargo_until="2030-01-01T00:00:00Z", withdrawn_reason="A mistake."
        )
        evaluation.refresh_from_db()
        evaluations.append(evaluation)
    evaluations.append(make_evaluation(owner=owner, by=people["analyst"], title="example", is_example=True))
    everyone = [AnonymousUser(), *people.values()]
    for organisation in (*partners.values(), stranger):
        everyone += [spell.user for spell in organisation.memberships.all()]
    return everyone, evaluations


def test_the_set_form_agrees_with_the_one_function_for_every_viewer_and_permission(world):
    everyone, evaluations = world
    for viewer in everyone:
        for permission in Permission:
            found = set(evaluations_where(viewer, permission))
            assert found == {each for each in evaluations if may(viewer, permission, each)}, (viewer, permission)


def test_a_stranger_and_a_visitor_see_nothing(world):
    _, evaluations = world
    for viewer in (AnonymousUser(), make_user(), make_organisation(lead=make_user()).memberships.last().user):
        assert not evaluations_where(viewer).exists()
        assert not any(may(viewer, permission, each) for permission in Permission for each in evaluations)


def test_partners_see_nothing_while_an_evaluation_is_private(world):
    everyone, evaluations = world
    private = next(each for each in evaluations if each.title == Stage.PRIVATE)
    allowed = {str(each) for each in everyone if may(each, Permission.SEE_EVALUATION, private)}
    assert allowed == {"viewer", "analyst", "lead"}


def test_nobody_may_release_or_share_an_example(world):
    everyone, evaluations = world
    example = next(each for each in evaluations if each.title == "example")
    for permission in (Permission.REQUEST_RELEASE, Permission.RELEASE, Permission.SHARE):
        assert not any(may(each, permission, example) for each in everyone)


def test_a_former_member_and_a_closed_account_may_nothing():
    lead, viewer = make_user(), make_user()
    owner = make_organisation(lead, viewer=viewer)
    evaluation = make_evaluation(owner=owner, by=lead)
    assert may(viewer, Permission.SEE_EVALUATION, evaluation)
    end_membership(membership=owner.memberships.get(user=viewer), by=viewer)
    assert not may(viewer, Permission.SEE_EVALUATION, evaluation)
    lead.is_active = False
    assert not may(lead, Permission.SEE_EVALUATION, evaluation)


def test_every_permission_names_the_role_it_asks_for():
    assert set(MINIMUM_ROLE) == set(Permission)
    assert set(MINIMUM_ROLE.values()) <= set(Role)
