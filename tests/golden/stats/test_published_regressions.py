"""Regressions in textbooks and papers: the values printed there, at the precision they are printed to."""

import pytest

EZUNEM = {"unit": "city", "period": "year", "outcome": "luclms", "treated": "ez"}
EZUNEM_CHANGE = {"period": "year", "outcome": "guclms", "treated": "cez"}
FATALITIES = {"unit": "state", "outcome": "rate", "treated": "beertax"}
UC = {
    "unit": "ltla21_code",
    "period": "year",
    "outcome": "children_low_income_perc",
    "treated": "UC_households_perc",
}


def assert_agrees(value, found):
    number, tolerance = found
    assert value == pytest.approx(number, abs=tolerance)


def test_wooldridges_enterprise_zones(reference_frame, analysed, expected):
    frame = reference_frame("reference/ezunem.csv")
    levels = analysed(frame, "twfe", EZUNEM, std_errors="classical").estimates[0]
    assert_agrees(levels.value, expected("ezunem", "two-way FE (city, year)", "ez coef"))
    assert_agrees(levels.std_error, expected("ezunem", "two-way FE", "SE"))
    changes = analysed(frame, "twfe", EZUNEM_CHANGE, std_errors="classical").estimates[0]
    for value, quantity in ((changes.value, "cez coef"), (changes.std_error, "SE"), (changes.n_obs, "n")):
        assert_agrees(value, expected("ezunem", "first differences", quantity))


def test_stock_and_watsons_traffic_fatalities(reference_frame, analysed, expected):
    frame = reference_frame("reference/fatalities.csv")
    frame["rate"] = frame.fatal / frame["pop"] * 10_000
    one_way = analysed(frame, "twfe", FATALITIES).estimates[0]
    assert_agrees(one_way.value, expected("fatalities", "frate ~ beertax | state, cluster", "coef"))
    assert_agrees(one_way.std_error, expected("fatalities", "frate ~ beertax | state, cluster", "SE"))
    two_way = analysed(frame, "twfe", {**FATALITIES, "period": "year"}).estimates[0]
    assert_agrees(two_way.value, expected("fatalities", "frate ~ beertax | state + year", "coef"))
    assert_agrees(two_way.std_error, expected("fatalities", "frate ~ beertax | state + year", "SE"))


CRIME = ["l_police", "unemployrt", "poverty", "l_income", "l_prisoner", "l_lagprisoner"]
CASTLE_CONTROLS = [
    *CRIME,
    *[f"{race}m_{ages}" for ages in ("15_24", "25_44") for race in ("black", "white")],
    "l_exp_subsidy",
    "l_exp_pubwelfare",
]
REGION_YEARS = [f"r20{year:02d}{region}" for year in range(11) for region in range(1, 5)]
CASTLE_COLUMNS = {
    "(1)": [],
    "(2)": REGION_YEARS,
    "(3)": [*REGION_YEARS, *CASTLE_CONTROLS],
    "(4)": [*REGION_YEARS, *CASTLE_CONTROLS, "pre2_cdl"],
    "(5)": [*REGION_YEARS, *CASTLE_CONTROLS, "l_larceny", "l_motor"],
}


@pytest.mark.parametrize(
    ("column", "weighted"),
    [
        (column, weighted)
        for column in CASTLE_COLUMNS
        for weighted in (True, False)
        if (column, weighted) != ("(5)", False)
    ],
)
def test_cheng_and_hoekstras_castle_doctrine(reference_frame, analysed, expected, column, weighted):
    """Regions by years are covariates, as in the paper: as absorbed effects fixest's factor would count them twice."""
    frame = reference_frame("reference/castle_bacon.csv")
    columns = {"unit": "state", "period": "year", "outcome": "l_homicide", "treated": "cdl"}
    if weighted:
        columns["weight"] = "popwt"
    found = analysed(frame, "twfe", {**columns, "covariates": CASTLE_COLUMNS[column]}).estimates[0]
    start = f"log homicide rate ~ cdl {column}"
    end = "weighted by population, cluster state" if weighted else "unweighted, cluster state"
    assert_agrees(found.value, _castle(expected, start, end, "cdl coef"))
    assert_agrees(found.std_error, _castle(expected, start, end, "cdl SE"))


def _castle(expected, start, end, quantity):
    middle = {"(1)": " state+year FE, ", "(2)": " + region-by-year FE, ", "(3)": " + time-varying controls, "}
    middle |= {"(4)": " + pre2_cdl, ", "(5)": " + l_larceny l_motor, "}
    return expected("castle_bacon", start + middle[start[-3:]] + end, quantity)


def test_universal_credit_and_child_poverty(reference_frame, analysed, expected):
    first = reference_frame("reference/uk_uc_dataset_part1.csv")
    plain = analysed(first, "twfe", UC).estimates[0]
    assert_agrees(plain.value, expected("uk_uc_child_poverty", "TWFE child low income", "coef"))
    assert_agrees(plain.std_error, expected("uk_uc_child_poverty", "TWFE child low income", "SE"))
    with_jobs = analysed(first, "twfe", {**UC, "covariates": ["unemployment_perc"]}).estimates[0]
    assert_agrees(with_jobs.value, expected("uk_uc_child_poverty", "+ unemployment %", "UC_households_perc"))
    assert_agrees(with_jobs.std_error, expected("uk_uc_child_poverty", "+ unemployment %", "SE UC_households_perc"))


@pytest.mark.parametrize("treatment", ["UC_households_perc", "years_active", "unemployment_perc", "ia"])
def test_every_coefficient_of_the_universal_credit_interaction(reference_frame, analysed, expected, treatment):
    frame = reference_frame("reference/uk_uc_dataset_part2.csv")
    frame["ia"] = frame.UC_households_perc * frame.years_active
    every = ["UC_households_perc", "years_active", "unemployment_perc", "ia"]
    columns = {**UC, "treated": treatment, "covariates": [name for name in every if name != treatment]}
    found = analysed(frame, "twfe", columns).estimates[0]
    assert_agrees(found.value, expected("uk_uc_child_poverty", "+ years_active", treatment))
    assert_agrees(found.std_error, expected("uk_uc_child_poverty", "+ years_active", f"SE {treatment}"))


def test_unemployment_beside_universal_credit(reference_frame, analysed, expected):
    frame = reference_frame("reference/uk_uc_dataset_part1.csv")
    columns = {**UC, "treated": "unemployment_perc", "covariates": ["UC_households_perc"]}
    found = analysed(frame, "twfe", columns).estimates[0]
    assert_agrees(found.value, expected("uk_uc_child_poverty", "+ unemployment %", "unemployment_perc"))
    assert_agrees(found.std_error, expected("uk_uc_child_poverty", "+ unemployment %", "SE unemployment_perc"))


def test_a_cluster_trial_by_least_squares(reference_frame, analysed, expected):
    frame = reference_frame("reference/eef_crtData.csv")
    columns = {
        "outcome": "Posttest",
        "treated": "Intervention",
        "cluster": "School",
        "covariates": ["Prettest"],
    }
    found = analysed(frame, "twfe", columns).estimates[0]
    assert_agrees(found.value, expected("eef_crtData", "OLS Posttest ~ Intervention + Prettest", "coef"))
    assert_agrees(found.std_error, expected("eef_crtData", "OLS, CR1 cluster School", "SE CR1"))


def test_two_way_fixed_effects_miss_the_truth_where_effects_differ(reference_frame, analysed, expected):
    """base_stagg: the average effect is -1, the regression says -3.68; the reference software says so too."""
    frame = reference_frame("reference/base_stagg.csv")
    columns = {"unit": "id", "period": "year", "outcome": "y", "first_treated": "year_treated", "covariates": ["x1"]}
    found = analysed(frame, "twfe", columns).estimates[0]
    assert_agrees(found.value, expected("base_stagg", "TWFE y ~ x1", "coef"))


def test_the_bacon_vignettes_regression(reference_frame, analysed, expected):
    frame = reference_frame("reference/castle_bacon.csv")
    columns = {"unit": "state", "period": "year", "outcome": "l_homicide", "treated": "post"}
    found = analysed(frame, "twfe", columns).estimates[0]
    assert_agrees(
        found.value,
        expected("castle_bacon", "TWFE l_homicide ~ post | state+year unweighted (bacondecomp vignette)", "coef"),
    )
    assert_agrees(
        found.std_error,
        expected("castle_bacon", "TWFE l_homicide ~ post | state+year unweighted (bacondecomp vignette)", "SE"),
    )
