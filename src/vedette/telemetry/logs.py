"""Structured logs: JSON lines for machines, readable lines on a terminal; everything passes the redactor.

Our own loggers and those of the libraries (uvicorn, SQLAlchemy, …) end in one handler, so one rule holds for all.
What a request or a task is about is bound once with `context` and stands on every line written inside.
"""

import logging
import sys
from contextlib import AbstractContextManager
from typing import TextIO

import structlog
from structlog.types import Processor

from vedette.telemetry.redact import redact_event

LEVELS = ("debug", "info", "warning", "error")

_CHATTY = ("uvicorn.access", "asyncio", "aiohttp.access", "alembic.runtime.plugins")
"""Loggers that say at `info` what our own lines say better."""


def configure(level: str = "info", *, json_lines: bool | None = None, stream: TextIO | None = None) -> None:
    """Set logging up for this process; may be called again.

    Args:
        level: one of `LEVELS`.
        json_lines: True for JSON lines, False for readable ones, None to choose by whether `stream` is a terminal.
        stream: where lines go; standard error by default.

    Raises:
        ValueError: the level is unknown.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown log level {level!r}: use one of {', '.join(LEVELS)}")
    out = stream or sys.stderr
    lines = not out.isatty() if json_lines is None else json_lines
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if lines
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; call it with `__name__`."""
    return structlog.stdlib.get_logger(name)


def context(**names: str) -> AbstractContextManager[None]:
    """Put names such as `request_id` or `task_id` on every line written inside the `with` block."""
    return structlog.contextvars.bound_contextvars(**names)
