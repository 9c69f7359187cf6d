"""Rules about what may never change, kept by the database itself as triggers.

A check constraint sees one state of one row; these see the change, or another table.
They are taken away before migrations (SQLite rebuilds tables and would trip over
them, or lose them) and put back after.
"""

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections


@dataclass(frozen=True)
class Guard:
    """A change to a table that the database refuses."""

    name: str
    table: str
    event: str
    forbidden_when: str
    message: str


GUARDS = (
    Guard(
        name="audit_event_append_only",
        table="evaluations_auditevent",
        event="UPDATE",
        forbidden_when="1 = 1",
        message="Audit events are never edited.",
    ),
    Guard(
        name="plan_locked_for_good",
        table="evaluations_analysisplan",
        event="UPDATE",
        forbidden_when=(
            "OLD.locked_at IS NOT NULL AND (NEW.locked_at IS DISTINCT FROM OLD.locked_at "
            "OR NEW.spec IS DISTINCT FROM OLD.spec OR NEW.spec_sha256 IS DISTINCT FROM OLD.spec_sha256 "
            "OR NEW.locked_before_outcomes IS DISTINCT FROM OLD.locked_before_outcomes)"
        ),
        message="A locked plan is never edited.",
    ),
    Guard(
        name="run_answer_for_good",
        table="evaluations_analysisrun",
        event="UPDATE",
        forbidden_when=(
            "OLD.state IN ('done', 'refused') AND (NEW.state IS DISTINCT FROM OLD.state "
            "OR NEW.result_sha256 IS DISTINCT FROM OLD.result_sha256)"
        ),
        message="The answer of a finished run is never edited.",
    ),
    Guard(
        name="evaluation_example_for_good",
        table="evaluations_evaluation",
        event="UPDATE",
        forbidden_when="OLD.is_example AND NOT NEW.is_example",
        message="An example stays an example.",
    ),
    Guard(
        name="dataset_example_for_good",
        table="evaluations_dataset",
        event="UPDATE",
        forbidden_when="OLD.is_example AND NOT NEW.is_example",
        message="Example data stay example data.",
    ),
    Guard(
        name="publication_not_of_an_example",
        table="evaluations_publication",
        event="INSERT",
        forbidden_when=(
            "EXISTS (SELECT 1 FROM evaluations_analysisrun r "
            "JOIN evaluations_evaluation e ON e.id = r.evaluation_id "
            "JOIN evaluations_dataset d ON d.id = r.dataset_id "
            "WHERE r.id = NEW.run_id AND (e.is_example OR d.is_example))"
        ),
        message="An example can never enter the catalogue.",
    ),
)


def _create_statements(guard: Guard, vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {guard.name} BEFORE {guard.event} ON {guard.table} "
            f"WHEN {guard.forbidden_when} BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger AS $$ BEGIN "
        f"IF {guard.forbidden_when} THEN RAISE EXCEPTION '{guard.message}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
        f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {guard.name}()",
    ]


def _drop_statement(guard: Guard, vendor: str) -> str:
    on_table = "" if vendor == "sqlite" else f" ON {guard.table}"
    return f"DROP TRIGGER IF EXISTS {guard.name}{on_table}"


def put_up_guards(using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Create every trigger whose table exists."""
    _run(using, create=True)


def take_down_guards(using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Drop every trigger whose table exists."""
    _run(using, create=False)


def _run(using: str, *, create: bool) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for guard in GUARDS:
            if guard.table not in tables:
                continue
            statements = (
                _create_statements(guard, connection.vendor) if create else [_drop_statement(guard, connection.vendor)]
            )
            for statement in statements:
                cursor.execute(statement)
