"""Debian's `webhook`: a receiver of strangers' make, which runs a command for each call that its rules let through."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

DEADLINE_S = 20.0
KEEPER = """
import json, os, sys
with open(sys.argv[1], "ab") as file:
    picture = os.environ.get("PICTURE_FILE", "")
    told = {"arguments": sys.argv[2:], "picture": open(picture, "rb").read().hex() if picture else None}
    file.write(json.dumps(told).encode() + b"\\n")
"""


def absent() -> str | None:
    """Return why it cannot be had, or None."""
    return None if shutil.which("webhook") else "Debian's webhook is not installed"


class Hooks:
    """The program, with one hook `alarm`, which lets through what has the key and the event type.

    Attributes:
        url: of the hook.
    """

    def __init__(self, folder: Path, key: str, event_type: int) -> None:
        self._kept = folder / "kept"
        keeper = folder / "keeper.py"
        keeper.write_text(KEEPER)
        self._hooks = folder / "hooks.json"
        self._hooks.write_text(json.dumps([_hook(keeper, self._kept, key, event_type)]))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/hooks/alarm"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = ["webhook", "-hooks", str(self._hooks), "-ip", "127.0.0.1", "-port", str(self._port), "-verbose"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.__exit__()
                raise RuntimeError("webhook does not come up")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kept(self) -> list[dict[str, Any]]:
        """Return what the command was given, in the order of the calls."""
        return [json.loads(line) for line in self._kept.read_text().splitlines()] if self._kept.exists() else []

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _hook(keeper: Path, kept: Path, key: str, event_type: int) -> dict[str, Any]:
    wanted = [
        ("header", "X-Key", key),
        ("payload", "event_type", str(event_type)),
        ("header", "Content-Type", "application/json"),
    ]
    told = [
        ("payload", "message_id"),
        ("header", "X-Vedette-Event-Id"),
        ("header", "X-Vedette-Sequence"),
        ("header", "Webhook-Id"),
        ("header", "Ce-Type"),
        ("payload", "data.event_set.0.category"),
        ("payload", "data.event_set.0.bounding_box.w"),
    ]
    return {
        "id": "alarm",
        "execute-command": sys.executable,
        "pass-arguments-to-command": [
            {"source": "string", "name": str(keeper)},
            {"source": "string", "name": str(kept)},
            *({"source": source, "name": name} for source, name in told),
        ],
        "pass-file-to-command": [
            {"source": "payload", "name": "image_base64", "envname": "PICTURE_FILE", "base64decode": True}
        ],
        "include-command-output-in-response": True,
        "trigger-rule-mismatch-http-response-code": 403,
        "trigger-rule": {
            "and": [
                {"match": {"type": "value", "value": value, "parameter": {"source": source, "name": name}}}
                for source, name, value in wanted
            ]
        },
    }
