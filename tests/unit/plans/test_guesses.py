"""First guesses at what columns are; the analyst decides."""

from evaluations.plans.guesses import columns_from_roles, guessed_roles, roles_from_columns


def columns(*names, **kinds):
    return [{"name": name, "kind": kinds.get(name, "number")} for name in names]


def test_a_panel_is_recognised():
    found = guessed_roles(columns("la_code", "year", "first_treated", "gld", "population", population="integer"))
    assert found == {"la_code": "unit", "year": "period", "first_treated": "first_treated", "gld": "outcome"}


def test_two_groups_before_and_after_are_recognised():
    found = guessed_roles(columns("treated", "post", "score"))
    assert found == {"treated": "treated", "post": "post", "score": "outcome"}


def test_places_are_recognised_whatever_the_case():
    found = guessed_roles(columns("URN", "Latitude", "LONGITUDE", "Distance km", "Score"))
    assert set(found.values()) == {"unit", "latitude", "longitude", "distance_km", "outcome"}


def test_each_role_is_guessed_once():
    found = guessed_roles(columns("year", "period", "month", "y"))
    assert sorted(found.values()) == ["outcome", "period"]


def test_text_is_never_taken_for_an_outcome_without_a_name_for_it():
    assert "outcome" not in guessed_roles(columns("remark", remark="text")).values()


def test_roles_and_columns_turn_into_one_another():
    roles = {"y": "outcome", "age": "covariates", "size": "covariates", "id": "unit"}
    block = columns_from_roles(roles)
    assert block == {"outcome": "y", "covariates": ["age", "size"], "unit": "id"}
    assert roles_from_columns(block) == roles
