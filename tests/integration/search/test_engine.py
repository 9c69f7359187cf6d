"""What search needs of a database, on whichever is in use."""

import pytest

from evidence.search.engines import Term, Text, engine

pytestmark = pytest.mark.django_db

KIND = "intervention"


@pytest.fixture
def texts():
    engine().clear()
    engine().put(
        KIND,
        [
            Text(1, title="school breakfast", topics="meal pupil", body="club morn"),
            Text(2, title="job fund", topics="young peopl", body="school school school leaver breakfast"),
            Text(3, title="tutor", topics="pupil school", body="catch"),
        ],
    )
    return engine()


def ids(hits):
    return [document_id for document_id, _ in hits]


def test_any_term_is_enough_unless_every_is_asked(texts):
    terms = [Term(("pupil",)), Term(("job",))]
    assert set(ids(texts.find(KIND, terms, every=False))) == {1, 2, 3}
    assert ids(texts.find(KIND, [Term(("school",)), Term(("breakfast",))], every=True)) == [1, 2]


def test_the_title_counts_most_then_topics_then_body(texts):
    assert ids(texts.find(KIND, [Term(("school",))], every=False)) == [1, 3, 2]


def test_any_of_several_stems_will_do(texts):
    assert set(ids(texts.find(KIND, [Term(("meal", "fund"))], every=True))) == {1, 2}


def test_a_beginning_finds_the_whole(texts):
    assert ids(texts.find(KIND, [Term(("breakf",), is_prefix=True)], every=True)) == [1, 2]
    assert ids(texts.find(KIND, [Term(("breakf",))], every=True)) == []


def test_scores_fall_and_are_numbers(texts):
    scores = [score for _, score in texts.find(KIND, [Term(("school",), rarity=2.0)], every=False)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_putting_again_replaces_and_removing_forgets(texts):
    texts.put(KIND, [Text(1, title="museum", topics="", body="")])
    assert ids(texts.find(KIND, [Term(("breakfast",))], every=True)) == [2]
    texts.remove(KIND, [2, 99])
    assert ids(texts.find(KIND, [Term(("breakfast",))], every=True)) == []


def test_kinds_are_apart(texts):
    texts.put("study", [Text(1, title="school", topics="", body="")])
    assert 1 in ids(texts.find(KIND, [Term(("breakfast",))], every=True))
    assert ids(texts.find("study", [Term(("school",))], every=True)) == [1]
    assert ids(texts.find("study", [Term(("breakfast",))], every=True)) == []
