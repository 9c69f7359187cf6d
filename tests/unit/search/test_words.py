"""Words into stems, typing errors into words."""

import pytest

from evidence.search.spelling import Vocabulary, slips_between
from evidence.search.stemming import stem
from evidence.search.words import search_words, tokens

# Porter (1980), the examples of each step.
PORTER = {
    "caresses": "caress", "ponies": "poni", "ties": "ti", "cats": "cat", "feed": "feed", "agreed": "agre",
    "plastered": "plaster", "bled": "bled", "motoring": "motor", "sing": "sing", "conflated": "conflat",
    "troubled": "troubl", "sized": "size", "hopping": "hop", "tanned": "tan", "falling": "fall", "hissing": "hiss",
    "fizzed": "fizz", "failing": "fail", "filing": "file", "happy": "happi", "sky": "sky", "relational": "relat",
    "conditional": "condit", "rational": "ration", "valenci": "valenc", "digitizer": "digit", "radicalli": "radic",
    "vietnamization": "vietnam", "operator": "oper", "feudalism": "feudal", "decisiveness": "decis",
    "hopefulness": "hope", "callousness": "callous", "formaliti": "formal", "sensitiviti": "sensit",
    "sensibiliti": "sensibl", "triplicate": "triplic", "formative": "form", "formalize": "formal",
    "electrical": "electr", "goodness": "good", "revival": "reviv", "allowance": "allow", "inference": "infer",
    "airliner": "airlin", "adjustable": "adjust", "irritant": "irrit", "replacement": "replac", "adoption": "adopt",
    "communism": "commun", "activate": "activ", "effective": "effect", "bowdlerize": "bowdler", "probate": "probat",
    "rate": "rate", "cease": "ceas", "controll": "control", "roll": "roll",
}  # fmt: skip


@pytest.mark.parametrize(("word", "expected"), PORTER.items())
def test_stems_are_porters(word, expected):
    assert stem(word) == expected


def test_employment_and_employed_meet():
    assert {stem(word) for word in ("employment", "employed", "employing", "employ")} == {"employ"}


def test_accents_capitals_apostrophes_and_american_endings_do_not_matter():
    assert tokens("Café CHILDREN'S children’s Contextualized") == ["cafe", "childrens", "childrens", "contextualised"]


def test_common_words_are_not_searched():
    assert search_words("What works for the young?") == ["young"]


@pytest.mark.parametrize(
    ("first", "second", "slips"),
    [
        ("work", "work", 0),
        ("wrok", "work", 1),
        ("wor", "work", 1),
        ("works", "work", 1),
        ("cat", "dog", 3),
        ("", "ab", 2),
    ],
)
def test_slips_are_letters_dropped_added_changed_or_swapped(first, second, slips):
    assert slips_between(first, second) == slips_between(second, first) == slips


@pytest.fixture
def vocabulary():
    words = {"apprenticeship": 5, "admissions": 3, "tutoring": 4, "tuition": 2, "young": 9, "school": 9}
    return Vocabulary(((key, word, stem(word), n) for key, (word, n) in enumerate(words.items(), 1)), n_documents=10)


def test_a_typing_error_is_read_as_the_nearest_word(vocabulary):
    reading = vocabulary.read("aprenticeship shcool")
    assert reading.corrections == (("aprenticeship", "apprenticeship"), ("shcool", "school"))


def test_a_beginning_is_enough(vocabulary):
    (term,) = vocabulary.read("admiss").terms
    assert term.stems == (stem("admissions"),)
    (term,) = vocabulary.read("tui").terms
    assert (term.stems, term.is_prefix) == (("tui",), True)


def test_a_word_unlike_any_is_left_out_and_told(vocabulary):
    reading = vocabulary.read("zebras tutoring")
    assert (reading.ignored, len(reading.terms)) == (("zebras",), 1)


def test_a_rare_word_says_more_than_a_common_one(vocabulary):
    tuition, young = vocabulary.read("tuition young").terms
    assert tuition.rarity > young.rarity


def test_words_are_added_without_disturbing_who_reads_the_vocabulary_they_are_added_to(vocabulary):
    more = vocabulary.with_words([(9, "bursary", stem("bursary"), 1)], n_documents=11)
    assert (more.nearest("bursry"), more.nearest("shcool"), more.last_key) == ("bursary", "school", 9)
    assert (vocabulary.nearest("bursry"), vocabulary.last_key, vocabulary.n_documents) == ("", 6, 10)
