"""Freezes with the real service: what runs has to let go first, and a file goes on where it was."""

from pathlib import Path

from e2e.clips import FPS, path_of
from e2e.conftest import LINE
from e2e.service import Service, gist, until
from e2e.test_capacity import operator
from neighbours.held import held

FILE_STEP = 2
"""Every second picture of a file with 25 a second is analysed."""


def test_a_file_that_is_frozen_half_way_goes_on_where_it_was(service: Service, clip: tuple[str, int]) -> None:
    """FREEZING can be seen while a hanging worker holds it, FROZEN when nothing of it runs; no picture is lost or seen twice."""
    with held(path_of(clip)) as server:
        task = service.create("frozen-half-way", server.url, target_roi=LINE)
        until(lambda: len(service.events(task)) >= 3, 40, "the first events")
        freeze = f"/vedette/v1/{{p}}/tasks/{task}/freeze"
        with service.hung():
            answer = service.call("PUT", freeze, {"reason": "Too much traffic"})
            assert service.state(task) == "FREEZING"
        assert answer["comes_back"] == "running"
        service.wait_for(task, "FROZEN")
        assert "Too much traffic" in service.task(task)["status"]
        status, refusal = service.ask("PUT", f"/v2/{{p}}/tasks/{task}/action/start")
        assert (status, refusal["error_code"]) == (500, "VIAS.00010012")
        seen = len(service.events(task))
        server.release()
        service.call("DELETE", freeze)
        service.wait_for(task, "SUCCEEDED", seconds=90)
    assert len(service.events(task)) == clip[1] > seen
    assert len(set(gist(service.events(task)))) == clip[1]
    assert service.progress(task)["frames"] == 300 * FPS // FILE_STEP
    tale = [(move["to"], move["cause"], move["actor"]) for move in service.history(task)]
    assert ("FREEZING", "freeze: Too much traffic", "tester") in tale
    assert ("PENDING", "thaw", "tester") in tale
    assert service.path(task).count("FROZEN") == 1
    service.call("DELETE", f"/v2/{{p}}/tasks/{task}")


def test_an_operator_freezes_and_thaws_beside_the_running_service(service: Service, clips: Path) -> None:
    """It takes notice by itself; a task at rest comes back at rest."""
    task = service.create("frozen-beside", (clips / "none.mp4").as_uri())
    service.wait_for(task, "START_FAILED")
    assert "an operator has frozen this task: Audit" in operator(service, f"freeze task {task} --reason Audit")
    service.wait_for(task, "FROZEN")
    assert operator(service, f"thaw task {task}") == f"{task} thaws\n"
    service.wait_for(task, "STOPPED")
    shown = service.task(task)
    assert "had ended: START_FAILED" in shown["status"]
    assert shown["error"]["code"] == "VEDETTE.1003"
    service.call("DELETE", f"/v2/{{p}}/tasks/{task}")
