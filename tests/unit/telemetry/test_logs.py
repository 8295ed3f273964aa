"""How log lines look."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from vedette.telemetry import logs


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_context() -> None:
    """A log collector reads lines, and joins them by request and task."""
    out = io.StringIO()
    logs.configure(stream=out)
    with logs.context(request_id="r1", task_id="t1"):
        logs.get("vedette.x").info("task created", streams=2)
    logs.get("vedette.x").info("done")
    first, second = lines(out)
    assert first["event"] == "task created"
    assert (first["level"], first["logger"], first["streams"]) == ("info", "vedette.x", 2)
    assert (first["request_id"], first["task_id"]) == ("r1", "t1")
    assert str(first["timestamp"]).endswith("Z")
    assert "request_id" not in second


def test_lines_of_libraries_pass_the_redactor_too() -> None:
    """Libraries log addresses with passwords; one handler means one rule."""
    out = io.StringIO()
    logs.configure(stream=out)
    logging.getLogger("somelib").warning("cannot reach %s", "rtsp://u:hunter2@cam/")
    assert "hunter2" not in out.getvalue()
    assert lines(out)[0]["logger"] == "somelib"


def test_a_traceback_holds_no_secret() -> None:
    """The text of an exception is a text like any other."""
    out = io.StringIO()
    logs.configure(stream=out)
    try:
        int("http://u:hunter2@host/")
    except ValueError:
        logs.get("x").exception("failed")
    assert "hunter2" not in out.getvalue()
    assert "ValueError" in str(lines(out)[0]["exception"])


def test_levels_below_the_chosen_one_are_silent() -> None:
    """An operator who asks for warnings gets warnings."""
    out = io.StringIO()
    logs.configure("warning", stream=out)
    logs.get("x").info("quiet")
    logs.get("x").warning("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


def test_readable_lines_can_be_had() -> None:
    """On a terminal a person reads."""
    out = io.StringIO()
    logs.configure(json_lines=False, stream=out)
    logs.get("x").info("hello", password="hunter2")
    assert "hello" in out.getvalue()
    assert "hunter2" not in out.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


def test_an_unknown_level_is_refused() -> None:
    """A typing error in a setting is told, not swallowed."""
    with pytest.raises(ValueError, match="loud"):
        logs.configure("loud")
