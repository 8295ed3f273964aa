"""How two projects are asked and looked at: what they show and keep is what the model says, after every request."""

import itertools
import json
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant
from lives_model import BAD, NOT_NOW, NOTHING, OUTDATED, Project, Task
from lives_stage import Stage, drifted, moves, xml
from service import Answer

from vedette.control.admission import holds_stream
from vedette.model.ids import ProjectId, TaskId
from vedette.model.lifecycle import TRANSITIONS, State
from vedette.model.secrets import MASK
from vedette.store import tasks as store
from vedette.store import video_sources
from vedette.store.tasks import standings

REFUSALS = {NOT_NOW: 500, OUTDATED: 412}
"""Codes that are not answered with 400."""
PAGES = 1000


def hidden(url: str) -> str:
    """Return an address as it is shown."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{MASK}@{rest.partition('@')[2]}" if "@" in rest else url


class Onlooker(RuleBasedStateMachine):
    """Two projects on one service, beside their models."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.clients = [stage.service.client(), stage.service.client()]
        self.projects = [Project(), Project()]
        self.touched = 0

    def ask(self, who: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask for something; the other project stays what it is, and so does this one if it is refused."""
        self.touched = who
        before = [self.stage.rows(client) for client in self.clients]
        answer = self.clients[who].call(method, path, body, **headers)
        if answer.status >= 400:
            code = answer.json["error_code"]
            assert answer.status == REFUSALS.get(code, 400), answer.text
            assert self.stage.rows(self.clients[who]) == before[who], f"it was refused, and changed something: {path}"
        assert self.stage.rows(self.clients[1 - who]) == before[1 - who], "another project was changed"
        return answer

    def root(self, who: int) -> str:
        return self.clients[who].root

    def ours(self, who: int) -> str:
        return f"/vedette/v1/{self.clients[who].account.project_id}"

    def now(self) -> int:
        return self.stage.theatre.now_ms

    def make(self, who: int, path: str, body: Any, key: str | None, codes: set[str]) -> Any:
        """Send a create request, perhaps under a key; return the answer if something new was made by it."""
        project = self.projects[who]
        headers = {"Idempotency_Key": key} if key else {}
        answer = self.ask(who, "POST", self.root(who) + path, body, **headers)
        if key in project.keys:
            sent, known = project.keys[key]
            if sent != (path, body):
                assert answer.json["error_code"] == BAD, answer.text
            else:
                assert (answer.status, answer.json) == (200, known) or answer.json["error_code"] == NOTHING, answer.text
            return None
        if not agreed(answer, codes):
            return None
        if key:
            project.keys[key] = ((path, body), answer.json)
        return answer.json

    def pick(self, who: int, kind: str, n: int) -> Any:
        """Return one of what a project has, or None if it has none."""
        found = list(getattr(self.projects[who], kind).values())
        return found[n % len(found)] if found else None

    def held(self, who: int) -> tuple[dict[str, int], int]:
        """Return how many streams are held under each order, and in all."""
        project = ProjectId(self.clients[who].account.project_id)
        mine = [one for one in self.stage.read(standings) if one.project_id == project and holds_stream(one)]
        counted: dict[str, int] = {}
        for one in mine:
            if one.resource_order_id:
                counted[one.resource_order_id] = counted.get(one.resource_order_id, 0) + 1
        return counted, len(mine)

    def learn(self) -> None:
        """Take over where the loops brought the tasks, if they may be there."""
        for who, project in enumerate(self.projects):
            steps = self.stage.read(moves, self.clients[who].account.project_id)
            for task in list(project.tasks.values()):
                if task.id not in steps:
                    assert task.state is State.DELETING, f"{task.name} is gone, and was {task.state}"
                    del project.tasks[task.id]
                    continue
                assert_legal(steps[task.id], task)
                if task.order or task.calmed:  # what freezes it calms its timetable
                    task.activated = None
                task.state = State(steps[task.id][-1][1])

    @invariant()
    def counters_and_rows_agree(self) -> None:
        """Quotas are counted right, and nothing hangs in the air."""
        assert self.stage.read(drifted) == []

    @invariant()
    def lists_agree(self) -> None:
        """Every list shows everything once, in order, for both projects."""
        for who, project in enumerate(self.projects):
            shown = self.tasks_of(who)
            newest = sorted(project.tasks.values(), key=lambda one: (one.created_at, one.id), reverse=True)
            assert [one["id"] for one in shown] == [one.id for one in newest]
            assert [one["state"] for one in shown] == [one.state for one in newest]
            sources = self.get(who, "/source/sources?is_paged=true&page_size=5&order_by=asc")
            ordered = sorted(project.sources.values(), key=lambda one: (one.created_at, one.id))
            assert [one["video_source_id"] for one in sources["video_source_list"]] == [one.id for one in ordered]
            for one in sources["video_source_list"]:
                known = project.sources[one["video_source_id"]]
                seen = (one["video_source_name"], one["type_config"], one["tag"], one.get("latitude"), one["num_tasks"])
                users = sum(task.source == known.id for task in project.tasks.values())
                assert seen == (known.name, xml(hidden(known.url)), known.tag, known.latitude, users)
                kept = sum(key[0] == known.id for key in project.templates)
                assert one["num_service_config_templates"] == kept
                places = {group.id for group in project.groups.values() if known.id in group.members}
                assert {group["video_group_id"] for group in one["video_packages"]} == places
            groups = self.get(who, "/video-group/groups?order_by=asc")["video_group_list"]
            by_age = sorted(project.groups.values(), key=lambda one: (one.created_at, one.id))
            assert [(one["video_group_id"], one["video_group_name"], one["num_video_source"]) for one in groups] == [
                (one.id, one.name, len(one.members)) for one in by_age
            ]
            self.batches_agree(who)

    def batches_agree(self, who: int) -> None:
        project = self.projects[who]
        shown = self.get(who, "/batch-tasks?is_paged=false")["batch_task_list"]
        assert {(one["id"], one["batch_task_name"]) for one in shown} == {
            (one.id, one.name) for one in project.batches.values()
        }
        for one in shown:
            states = [child.state.lower() for child in project.children(one["id"])]
            assert one["num_task"] == len(states)
            counted = dict(one["batch_task_status_info"])
            halted = counted.pop("stopped_no_service", 0)
            if halted:
                counted["stopped"] = counted.get("stopped", 0) + halted
            assert counted == {state: states.count(state) for state in states}

    @invariant()
    def details_agree(self) -> None:
        """What a task shows is what was asked for, secrets hidden; and what is stored has them."""
        who = self.touched
        project = self.projects[who]
        here = ProjectId(self.clients[who].account.project_id)
        for task in project.tasks.values():
            answer = self.clients[who].call("GET", f"{self.root(who)}/tasks/{task.id}")
            shown = answer.json
            assert answer.headers["ETag"] == f'"{task.version}"', task
            assert "pw-" not in answer.text
            assert "secret-" not in answer.text
            seen = {"config": shown.get("config", {}).get("common"), "state": shown["state"], "name": shown["name"]}
            seen |= {field: shown.get(field) for field in ("description", "schedule", "resource_order_id")}
            assert seen == {
                "config": task.config, "state": task.state, "name": task.name, "description": task.description,
                "schedule": task.schedule, "resource_order_id": task.order,
            }, task  # fmt: skip
            if task.schedule and task.activated is not None:
                assert shown["schedule_status"] == ("ACTIVATED" if task.activated else "INACTIVATED")
            kept = self.stage.read(store.get, self.stage.service.vault, here, TaskId(task.id))
            stored = kept.document.output.webhook
            assert (stored.headers["X-Key"] if stored else None) == task.secret
            assert (kept.document.input.datum.url, kept.document.input.source_id) == (task.url, task.source)
            assert kept.template_id == task.template
        for source in project.sources.values():
            kept_source = self.stage.read(video_sources.get, self.stage.service.vault, here, source.id)
            assert kept_source.leaves["URL_ADDRESS"] == source.url
        self.templates_agree(who)
        self.filters_agree(who)

    def templates_agree(self, who: int) -> None:
        project = self.projects[who]
        shown = self.clients[who].call("GET", f"{self.ours(who)}/templates").json["templates"]
        assert {one["template_id"]: (json.loads(one["serviceConfig"])["common"], one["numTask"]) for one in shown} == {
            one.id: (one.config, sum(task.template == one.id for task in project.tasks.values()))
            for one in project.templates.values()
        }

    def filters_agree(self, who: int) -> None:
        """Each filter leaves what the model says."""
        tasks = list(self.projects[who].tasks.values())
        asked = {
            f"task_state={state}": {one.id for one in tasks if one.state is state}
            for state in {one.state for one in tasks}
        }
        asked |= {"task_name=M": {one.id for one in tasks if "m" in one.name}}
        for batch in self.projects[who].batches:
            asked[f"batch_id={batch}"] = {one.id for one in tasks if one.batch == batch}
        for group in self.projects[who].groups.values():
            asked[f"video_group_id={group.id}"] = {
                one.id for one in tasks if one.group == group.id or one.source in group.members
            }
        for query, expected in asked.items():
            assert {one["id"] for one in self.tasks_of(who, query)} == expected, query

    def get(self, who: int, path: str) -> Any:
        answer = self.clients[who].call("GET", self.root(who) + path)
        assert answer.status == 200, answer.text
        return answer.json

    def tasks_of(self, who: int, query: str = "") -> list[Any]:
        """Return a list of tasks, over all its pages."""
        found: list[Any] = []
        for page in range(1, PAGES):
            shown = self.get(who, f"/tasks?page_size=5&page={page}&{query}")["tasks"]
            found += shown
            if len(shown) < 5:
                break
        return found


def agreed(answer: Answer, codes: set[str]) -> bool:
    """Make sure that an answer is one of these refusals, or a yes if there is none; return whether it is a yes."""
    if codes:
        assert answer.status >= 400, f"expected one of {codes}: {answer.text}"
        assert answer.json["error_code"] in codes, answer.text
        return False
    assert answer.status == 200, answer.text
    return True


def assert_legal(steps: list[tuple[str | None, str]], task: Task) -> None:
    """Make sure that a history is one the table of transitions allows, and that nothing is missing in it."""
    assert steps[0] == (None, "PENDING")
    for (_, before), (said, after) in itertools.pairwise(steps):
        assert said == before, f"{task.name}: a step from {said} follows {before}"
        assert after in TRANSITIONS[State(before)].values(), f"{task.name}: {before} -> {after}"
    assert task.state in {State(after) for _, after in steps}, f"{task.name} was never {task.state}"
