"""What commands log, and what they print."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from vedette import cli
from vedette.telemetry import logs


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_what_an_algorithm_raises_is_not_printed_among_its_events(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`vedette run` prints JSON lines for other programs; and a traceback with all variables would tell secrets."""

    def command() -> None:
        secret = "x".join("yz")
        print("{}")
        try:
            print([1][len(secret)])
        except IndexError:
            logs.get("vedette.worker.run").exception("algorithm raised")

    monkeypatch.setattr(cli, "app", command)
    cli.run()
    printed = capsys.readouterr()
    assert printed.out == "{}\n"
    assert "IndexError" in printed.err
    assert "nobody's business'" not in printed.err.replace('"', "'").replace("secret = 'of nobody's business'", "")
    assert "yxz" not in printed.err
