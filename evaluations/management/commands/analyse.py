"""Answer one design on one file: the analysis contract on the command line, without a database."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from evaluations.runs.runner import run_analysis_file
from evaluations.stats.issues import BadInput, Issue

DONE, BAD_INPUT, REFUSED = 0, 2, 3


class Command(BaseCommand):
    help = "Run the analysis that SPEC states on DATA (CSV, XLSX or Parquet). Exit 0: done, 2: bad input, 3: refused."
    requires_system_checks: tuple[str, ...] = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Django's parser, but wrong arguments are reported as every other bad input is."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = _refuse_arguments  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", metavar="DATA", type=Path, help="the outcome data: CSV, XLSX or Parquet")
        parser.add_argument("--spec", metavar="SPEC.json", type=Path, required=True, help="the design")
        parser.add_argument("--sites", type=Path, help="for proximity designs: the sites, where and when they opened")
        parser.add_argument("--postcodes", type=Path, help="where postcodes are, if the data gives places by postcode")
        parser.add_argument("--out", metavar="RESULT.json", type=Path, help="where to write; standard output if absent")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = run_analysis_file(
                options["data"],
                read_spec(options["spec"]),
                sites_path=options["sites"],
                postcodes_path=options["postcodes"],
            )
            self._write(result, options["out"])
        except BadInput as problem:
            stop(problem.issues)
        if result["status"] == "refused":
            sys.exit(REFUSED)

    def _write(self, result: dict[str, Any], out: Path | None) -> None:
        text = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)
        if out is None:
            self.stdout.write(text)
            return
        try:
            out.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            reason = f"The result cannot be written to {out}: {error.strerror}."
            raise BadInput([Issue("out_not_writable", reason, "Give another place with --out.")]) from error


def read_spec(path: Path) -> Any:
    """The design in a JSON file. Raises `BadInput` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_such_number)
    except OSError as error:
        reason = f"The design {path} cannot be read: {error.strerror}."
        raise BadInput([Issue("spec_not_readable", reason, "Give the design's file with --spec.")]) from error
    except (ValueError, RecursionError) as error:
        reason = f"The design {path} is not JSON: {error}."
        raise BadInput([Issue("spec_not_json", reason, "Correct the file; the message says where.")]) from error


def _no_such_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def stop(issues: Sequence[Issue]) -> NoReturn:
    """Report every problem on standard error, in the one shape that errors have, and end."""
    count = len(issues)
    message = issues[0].message if count == 1 else f"There are {count} problems with the input."
    problems = {"message": message, "issues": [issue.to_json() for issue in issues]}
    sys.stderr.write(json.dumps(problems, indent=2, ensure_ascii=False) + "\n")
    sys.exit(BAD_INPUT)


def _refuse_arguments(message: str) -> NoReturn:
    stop([Issue("arguments", f"{message[:1].upper()}{message[1:]}.", "See manage.py analyse --help.")])
