"""The npm core of the vendor's SDK, a second language, signs and calls: requests unlike those of Python.

`scripts/neighbours.sh` installs it under `.make/`; nothing of it is in the repository.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from service import CLOUD, EDGE, Client

from absence import missing

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(os.environ.get("VEDETTE_TEST_NODE_MODULES", ROOT / ".make/npm/node_modules"))
SCRIPT = Path(__file__).with_name("vias_calls.cjs")


@pytest.fixture
def node() -> str:
    """The interpreter, with the two packages beside it."""
    found = shutil.which("node")
    if found is None:
        missing("Node is not installed (scripts/neighbours.sh)")
    for package in ("@huaweicloud/huaweicloud-sdk-core", "uuid"):
        if not (MODULES / package / "package.json").is_file():
            missing(f"the npm package {package} is not installed (scripts/neighbours.sh)")
    return str(found)


def _told(node: str, client: Client, secret: str) -> subprocess.CompletedProcess[str]:
    account = client.account
    command = [node, str(SCRIPT), client.base, account.access_key, secret, account.project_id]
    environment = os.environ | {"NODE_PATH": str(MODULES)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_node_drives_tasks_sources_and_services(node: str, client: Client) -> None:
    """It signs other headers than Python, sends `{}` where there is no body, and repeats names in the query."""
    done = _told(node, client, client.account.secret_key)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # above it the SDK notes refusals
    assert told.pop("listed") == [told.pop("id")]
    assert told.pop("sources") == [told.pop("source")]
    assert {CLOUD, EDGE} <= set(told.pop("services"))
    assert told == {
        "shown": {"name": "node-gate", "description": "\u4e2d", "state": "PENDING"},
        "updated": 200,
        "renamed": "node-gate-2",
        "stopped": "success",
        "deleted": 200,
        "unknown": {"status": 400, "code": "VIAS.00010007"},
    }


def test_node_with_a_wrong_secret_is_refused(node: str, client: Client) -> None:
    """Else the test above says nothing about signatures."""
    done = _told(node, client, "not-it")
    assert done.returncode == 1
    assert "APIGW.0301" in done.stderr
