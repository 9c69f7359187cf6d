"""Logs say what went wrong and never what people uploaded."""

import io
import logging
import logging.config

import pytest

from config.logs import logging_settings


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_in_the_log_shows_no_local_value(as_json):
    settings = logging_settings(level="INFO", as_json=as_json)
    written = io.StringIO()
    formatter = settings["formatters"]["structured"]
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.getLogger("uplift.test_logs")
    logger.propagate = False
    logger.addHandler(handler)
    postcode = "SW1A" + " 1AA"
    try:
        raise ValueError("something failed")
    except ValueError:
        logger.exception("it failed")
    finally:
        logger.removeHandler(handler)
    assert postcode
    assert "something failed" in written.getvalue()
    assert postcode not in written.getvalue()
