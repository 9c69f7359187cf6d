"""What is logged, and how: plain lines for a person in embedded mode, JSON for a machine in server mode.

Tracebacks are plain: local variables can hold what people uploaded, so their values are never logged.
"""

from typing import Any

import structlog

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def logging_settings(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error through one formatter."""
    renderer: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                "foreign_pre_chain": SHARED_PROCESSORS,
            }
        },
        "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["standard_error"], "level": level},
        "loggers": {
            "django": {"handlers": ["standard_error"], "level": level, "propagate": False},
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": ["standard_error"], "level": level, "propagate": False},
        },
    }


def configure_structlog() -> None:
    """Send structlog's events through the standard library's logging."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
