"""Log set-up: text for people, JSON lines for collectors, both on stderr. No personal data is ever logged."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(log_format: Literal["text", "json"], level: str) -> None:
    """Once per process, before the first log line."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=getattr(logging, level.upper()), format="%(levelname)s %(message)s")
    for chatty in ("alembic", "uvicorn", "httpx2", "openai"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
