"""The lives of tasks, sources and groups, in any order: hypothesis asks, a plain model knows what must be.

Two projects live side by side on one service with loops and fake workers, which move when a rule says so: after every
request both projects must be what the model says, and the other one exactly what it was.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lives_model import (
    BAD,
    GROUP_TAKEN,
    NO_REFERENCE,
    NOT_NOW,
    NOTHING,
    OUTDATED,
    SOURCE_TAKEN,
    SOURCES_FULL,
    TASK_TAKEN,
    Batch,
    Group,
    Order,
    Project,
    Source,
    Task,
    Template,
)  # fmt: skip
from lives_onlooker import Onlooker, agreed, hidden
from lives_stage import ALG, QUOTAS, Stage, batch_body, hook, staged, url_source, xml
from service import CLOUD

from absence import missing
from neighbours.postgres import Postgres, absent
from vedette.model.lifecycle import CLEARING, WANTED, State
from vedette.model.stream import StreamState

EXAMPLES = os.environ.get("LIVES_EXAMPLES")
"""How many lives a search by hand looks at, on both databases; the ordinary run looks at the same few each time."""
STEPS = 30
SCHEDULE = {
    "type": "weekly",
    "timezone": "+00:00",
    "days_of_week": [1, 2, 3, 4, 5, 6, 7],
    "periods": [[{"begin_at": "07:00:00", "end_at": "23:59:59"}]],
}
LATER = SCHEDULE | {"periods": [[{"begin_at": "22:00:00", "end_at": "23:59:59"}]]}
SAME, KEEP, REMOVE = "same", "keep", "remove"

LIVE, FILE = "rtsp://u:pw-1@one.test:554/main", "http://files.test/v.mp4"

people = st.integers(0, 1)
which = st.integers(0, 9)
names = st.sampled_from(["a", "b", "m_0", "m_1", "z_0"])
batch_names = st.sampled_from(["m", "z"])
keys = st.sampled_from([None, None, "k1", "k2"])
orders = st.sampled_from([None, None, None, "order-1", "order-2"])
schedules = st.sampled_from([None, None, SCHEDULE, LATER])
secrets = st.sampled_from([None, "secret-one", "secret-two"])
urls = st.sampled_from(
    [
        LIVE,
        "rtsp://u:pw-1@one.test:554/side",
        "rtsp://two.test/a",
        FILE,
    ]
)
source_urls = st.sampled_from(["rtsp://u:pw-2@one.test:554/x", "rtsp://u:pw-2@one.test:554/y", "rtsp://three.test/z"])
changes = st.sampled_from([KEEP, KEEP, REMOVE, "new"])


def has(kind: str) -> Callable[[Any], bool]:
    """Return whether a project has any of these."""
    return lambda lives: any(getattr(project, kind) for project in lives.projects)


class Lives(Onlooker):
    """Two projects, and all that may happen to them."""

    @initialize(state=st.sampled_from([StreamState.FLOWING, StreamState.AWAY, StreamState.OPENING]))
    def begin(self, state: StreamState) -> None:
        """Give both projects something to begin with, and let it run."""
        for who in (0, 1):
            for name in ("s1", "s2"):
                self.create_source(who, name, "rtsp://u:pw-2@one.test:554/x", None, None)
            self.create_group(who, "g1", {0, 1}, None)
            self.create_batch(who, "m", 0, False, None, None, False)
            plain: dict[str, Any] = {"order": None, "schedule": None, "key": None, "inputs": 1, "use": None}
            self.create_task(who=who, name="a", url=LIVE, secret="secret-one", source=None, template=True, **plain)
            self.create_task(who=who, name="b", url=FILE, secret=None, source=0, template=False, **plain)
        self.world_moves(state, 0.0)
        self.world_moves(state, 0.0)

    # -- tasks

    @rule(
        who=people, name=names, url=urls, secret=secrets, order=orders, schedule=schedules, key=keys,
        source=st.one_of(st.none(), which), inputs=st.sampled_from([1, 1, 1, 2]), template=st.booleans(),
        use=st.one_of(st.none(), st.none(), which),
    )  # fmt: skip
    def create_task(
        self, *, who: int, name: str, url: str, secret: str | None, order: str | None, schedule: Any, key: str | None,
        source: int | None, inputs: int, template: bool, use: int | None,
    ) -> None:  # fmt: skip
        """Make one task, or two of one request."""
        project = self.projects[who]
        known = None if source is None else self.pick(who, "sources", source)
        source_id = None if source is None else known.id if known else "nobody"
        datum = {"url": url} if source_id is None else {"video_source_id": source_id}
        made_names = [name] if inputs == 1 else [f"{name}_{n}" for n in range(inputs)]
        config = {"alert_time_threshold": len(name) + inputs}
        body: dict[str, Any] = {
            "name": name,
            "service_version": "3.0",
            "input": {
                "type": "url" if source_id is None else "video_source",
                "data": [{**datum, "index": n} for n in range(inputs)],
            },
            "output": {"event_center": True} if secret is None else hook(secret),
            "config": {"common": config},
            "is_saved_as_template": template,
        }
        body |= {"resource_order_id": order} if order else {}
        body |= {"schedule": schedule} if schedule else {}
        kept = None if use is None else self.pick(who, "templates", use)
        if kept:
            config = kept.config
            del body["config"]
        if use is not None:
            body["template_id"] = kept.id if kept else "nothing"
        codes = project.why_not_new(made_names, source_id, order, self.now())
        codes |= {NO_REFERENCE} if use is not None and kept is None else set()
        made = self.make(who, f"/services/{CLOUD}/tasks", body, key, codes)
        for n, one in enumerate(made["tasks"] if made else ()):
            task = Task(
                one["id"], made_names[n], State.PENDING, self.now(), source_id, None if source_id else url, secret,
                config=config, schedule=schedule, activated=True if schedule else None,
                order=order, saved=template, template=kept.id if kept else None,
            )  # fmt: skip
            project.tasks[task.id] = task
            if template:
                self.keep_template(who, task)

    def keep_template(self, who: int, task: Task) -> None:
        """Take down that a task's configuration is kept."""
        project = self.projects[who]
        shown = self.clients[who].call("GET", f"{self.ours(who)}/templates").json["templates"]
        (found,) = [one for one in shown if (one.get("video_source_id"), one["name"]) == (task.source, task.name)]
        known = project.templates.get((task.source, task.name))
        assert known is None or known.id == found["template_id"], "a template saved again keeps its id"
        project.templates[task.source, task.name] = Template(found["template_id"], task.config or {})
        task.template = found["template_id"]

    @precondition(has("tasks"))
    @rule(
        who=people, n=which, name=st.one_of(st.none(), names), description=changes, config=changes, schedule=changes,
        order=st.sampled_from([KEEP, KEEP, REMOVE, "order-1", "order-2"]), secret=st.sampled_from([SAME, "none", "fresh"]),
        url=st.one_of(st.none(), urls), source=st.one_of(st.none(), st.none(), which), version=st.sampled_from([None, 0, 1]), template=st.sampled_from([False, False, True]),
    )  # fmt: skip
    def update_task(
        self, *, who: int, n: int, name: str | None, description: str, config: str, schedule: str, order: str, secret: str,
        url: str | None, source: int | None, version: int | None, template: bool,
    ) -> None:  # fmt: skip
        """Read a task as it is shown, change some of it, and send it back: what is masked stays as it is stored."""
        task = self.pick(who, "tasks", n)
        if task is None:
            return
        project = self.projects[who]
        wish = wished(n, {"description": description, "config": config, "schedule": schedule, "order": order})
        wish |= {} if name is None else {"name": name}
        wish |= {} if secret == SAME else {"secret": None if secret == "none" else "secret-new"}
        other = None if source is None else self.pick(who, "sources", source)
        if other is not None:
            wish |= {"source": other.id, "url": None}
        elif url is not None and task.source is None:
            wish["url"] = url
        wish |= {"saved": True} if template else {}
        body = sent(self.clients[who].show(task.id), wish)
        codes = project.why_not_changed(task, wish, self.now())
        headers = {}
        if version is not None:
            headers = {"If_Match": f'"{task.version + version}"'}
            codes = {OUTDATED} if version else codes
        answer = self.ask(who, "PUT", f"{self.root(who)}/tasks/{task.id}", body, **headers)
        if agreed(answer, codes):
            self.changed(project, task, wish)
            if template:
                self.keep_template(who, task)

    def changed(self, project: Project, task: Task, wish: dict[str, Any]) -> None:
        """Take down that a task was changed; whether a new timetable is obeyed is looked at where it must be known."""
        if "schedule" in wish and wish["schedule"] != task.schedule:
            task.activated = None
        project.change(task, wish)

    @precondition(has("tasks"))
    @rule(who=people, n=which, verb=st.sampled_from(["start", "stop", "delete"]), strange=st.booleans())
    def tell_task(self, who: int, n: int, verb: str, strange: bool) -> None:
        """Start, stop or delete a task in whatever state it is; somebody else's is not there."""
        task = self.pick(1 - who if strange else who, "tasks", n)
        if task is None:
            return
        path = f"{self.root(who)}/tasks/{task.id}"
        method, path = ("DELETE", path) if verb == "delete" else ("PUT", f"{path}/action/{verb}")
        answer = self.ask(who, method, path)
        refused = "VIAS.00010007" if strange else getattr(task, verb)()
        agreed(answer, {refused} if refused else set())

    @precondition(has("tasks"))
    @rule(who=people, n=which, thaw=st.booleans())
    def hold_task(self, who: int, n: int, thaw: bool) -> None:
        """Freeze a task by an operator's hand, or take that back; what else freezes it is not thawed by itself."""
        task = self.pick(who, "tasks", n)
        if task is None:
            return
        path = f"{self.ours(who)}/tasks/{task.id}/freeze"
        answer = self.ask(who, "DELETE", path) if thaw else self.ask(who, "PUT", path, {"reason": "so"})
        if thaw and not task.held:
            assert answer.status == 200 or answer.json["error_code"] == NOT_NOW, answer.text
        elif agreed(answer, {NOT_NOW} if task.state is State.DELETING and not thaw else set()):
            task.held, task.calmed = not thaw, True
        self.learn()

    @rule(who=people, thaw=st.booleans())
    def hold_project(self, who: int, thaw: bool) -> None:
        """Freeze all that a project has, or take that back."""
        path, project = f"{self.ours(who)}/freeze", self.projects[who]
        answer = self.ask(who, "DELETE", path) if thaw else self.ask(who, "PUT", path, {})
        agreed(answer, set())
        project.frozen = not thaw
        for task in project.tasks.values():
            task.locked, task.calmed = not thaw, True

    # -- sources and groups

    @rule(
        who=people,
        name=st.sampled_from(["s1", "s2", "s3", "s4"]),
        url=source_urls,
        key=keys,
        group=st.one_of(st.none(), which),
    )
    def create_source(self, who: int, name: str, url: str, key: str | None, group: int | None) -> None:
        """Register a source, perhaps in a group."""
        project = self.projects[who]
        known = None if group is None else self.pick(who, "groups", group)
        wanted = [] if group is None else [known.id if known else "nowhere"]
        body = url_source(name, url)
        body |= {"video_group_ids": wanted, "tag": ["first"], "latitude": "1.5"}
        codes = _codes(
            (SOURCE_TAKEN, name in {one.name for one in project.sources.values()}),
            (SOURCES_FULL, len(project.sources) >= QUOTAS.sources),
            (NO_REFERENCE, wanted == ["nowhere"]),
        )
        made = self.make(who, "/source", body, key, codes)
        if made:
            new = Source(made["video_source_id"], name, url, ["first"], "1.5", self.now())
            project.sources[new.id] = new
            if known:
                known.members.add(new.id)

    @precondition(has("sources"))
    @rule(
        who=people, n=which, name=st.sampled_from(["", "s1", "s2", "s5"]), url=st.one_of(st.none(), source_urls),
        tag=changes, latitude=changes,
    )  # fmt: skip
    def update_source(self, who: int, n: int, name: str, url: str | None, tag: str, latitude: str) -> None:
        """Change a source; its configuration may be sent back as it is shown."""
        source = self.pick(who, "sources", n)
        if source is None:
            return
        project = self.projects[who]
        body: dict[str, Any] = {"video_source_name": name, "type_config": xml(url or hidden(source.url))}
        body |= {} if tag == KEEP else {"tag": None if tag == REMOVE else ["later"]}
        body |= {} if latitude == KEEP else {"latitude": None if latitude == REMOVE else "2.5"}
        codes = _codes((SOURCE_TAKEN, name in {one.name for one in project.sources.values() if one is not source}))
        if not agreed(self.ask(who, "PUT", f"{self.root(who)}/source/{source.id}", body), codes):
            return
        source.name = name or source.name
        source.tag = source.tag if tag == KEEP else body["tag"] or []
        source.latitude = source.latitude if latitude == KEEP else body["latitude"]
        if url and url != source.url:
            source.url = url
            for task in project.tasks.values():
                if task.source == source.id and task.state in WANTED:
                    task.version += 1
                    task.reopened()

    @precondition(has("sources"))
    @rule(who=people, n=which, strange=st.booleans())
    def delete_source(self, who: int, n: int, strange: bool) -> None:
        """Delete a source; refused while tasks look at it."""
        project = self.projects[1 - who if strange else who]
        source = self.pick(1 - who if strange else who, "sources", n)
        if source is None:
            return
        used = any(task.source == source.id for task in project.tasks.values())
        codes = {NOTHING} if strange else {NOT_NOW} if used else set()
        if agreed(self.ask(who, "DELETE", f"{self.root(who)}/source/{source.id}"), codes):
            del project.sources[source.id]
            for group in project.groups.values():
                group.members.discard(source.id)
            for key in [key for key in project.templates if key[0] == source.id]:
                del project.templates[key]

    @rule(who=people, name=st.sampled_from(["g1", "g2", "g3"]), members=st.sets(which, max_size=2), key=keys)
    def create_group(self, who: int, name: str, members: set[int], key: str | None) -> None:
        """Make a group of sources, or of none."""
        project = self.projects[who]
        chosen = {source.id for n in members if (source := self.pick(who, "sources", n))}
        body: dict[str, Any] = {"video_group_name": name, "access_type": "cloud"}
        body |= {"video_source_ids": sorted(chosen)} if chosen else {}
        codes = _codes(
            (GROUP_TAKEN, name in {group.name for group in project.groups.values()}),
            (BAD, len(project.groups) >= QUOTAS.groups),
        )
        made = self.make(who, "/video-group", body, key, codes)
        if made:
            new = Group(made["video_group_id"], name, "", chosen, self.now())
            project.groups[new.id] = new

    @precondition(has("groups"))
    @rule(
        who=people,
        n=which,
        members=st.sets(which, min_size=1, max_size=3),
        strange=st.sampled_from([False, False, True]),
    )
    def update_group(self, who: int, n: int, members: set[int], strange: bool) -> None:
        """Say who is in a group; a source of another project cannot be."""
        group = self.pick(who, "groups", n)
        chosen = {one.id for m in members if (one := self.pick(1 - who if strange else who, "sources", m))}
        if group is None or not chosen:
            return
        body = {"video_source_ids": sorted(chosen), "description": f"d{n}"}
        codes = {NO_REFERENCE} if strange else set()
        if agreed(self.ask(who, "PUT", f"{self.root(who)}/video-group/{group.id}", body), codes):
            group.members, group.description = chosen, f"d{n}"

    @precondition(has("groups"))
    @rule(who=people, n=which)
    def delete_group(self, who: int, n: int) -> None:
        """Delete a group; its sources and tasks stay."""
        group = self.pick(who, "groups", n)
        if group is not None:
            assert self.ask(who, "DELETE", f"{self.root(who)}/video-group/{group.id}").status == 200
            del self.projects[who].groups[group.id]

    # -- batches

    def wanted_groups(self, who: int, n: int, explicit: bool) -> list[tuple[str, list[str]]]:
        """Return groups and sources for a batch: all of a group's, or named ones, of which some are not in it."""
        group = self.pick(who, "groups", n)
        named = [one.id for m in (n, n + 1) if (one := self.pick(who, "sources", m))] if explicit else []
        return [(group.id if group else "nowhere", list(dict.fromkeys(named)))]

    @rule(who=people, name=batch_names, n=which, explicit=st.booleans(), order=orders, key=keys, further=st.booleans())
    def create_batch(
        self, who: int, name: str, n: int, explicit: bool, order: str | None, key: str | None, further: bool
    ) -> None:
        """Fan out over groups: its counters tell how many children there are."""
        project = self.projects[who]
        wanted = self.wanted_groups(who, n, explicit) + (self.wanted_groups(who, n + 1, False) if further else [])
        body = batch_body(wanted) | {"name": name, "service_name": CLOUD, "service_version": "3.0"}
        body |= {"output": hook("secret-batch")} | ({"resource_order_id": order} if order else {})
        entries = list(enumerate(project.entries(wanted)))
        codes = _codes(
            (TASK_TAKEN, name in {batch.name for batch in project.batches.values()}),
            (BAD, project.expired(order, self.now())),
            (NOT_NOW, project.frozen),
        )
        made = self.make(who, "/batch-tasks", body, key, codes)
        if not made:
            return
        batch = Batch(made["id"], name, None, order, self.now(), len(entries))
        children = project.fan_out(batch, [(m, *entry) for m, entry in entries])
        self.born(who, batch, children)
        project.batches[batch.id] = batch
        tallied(made, len(entries), len(entries) - len(children))

    def born(self, who: int, batch: Batch, children: list[tuple[int, str, str]], **given: Any) -> None:
        """Take down the new children of a batch."""
        listed = self.tasks_of(who, f"batch_id={batch.id}")
        by_name = {one["name"]: one["id"] for one in listed}
        for n, group, source in children:
            task = Task(
                by_name[f"{batch.name}_{n}"], f"{batch.name}_{n}", State.PENDING, self.now(), source,
                secret="secret-batch", order=batch.order, batch=batch.id, group=group, n=n,
                description=batch.description, locked=self.projects[who].frozen, **given,
            )  # fmt: skip
            self.projects[who].tasks[task.id] = task

    @precondition(has("batches"))
    @rule(
        who=people, n=which, name=st.one_of(st.none(), batch_names), description=changes, order=st.sampled_from([KEEP, KEEP, REMOVE, "order-1"]),
        groups=st.one_of(st.none(), which), explicit=st.booleans(),
    )  # fmt: skip
    def update_batch(
        self, who: int, n: int, name: str | None, description: str, order: str, groups: int | None, explicit: bool
    ) -> None:
        """Change all children, or which there are."""
        batch = self.pick(who, "batches", n)
        if batch is None:
            return
        project = self.projects[who]
        wish: dict[str, Any] = (
            {} if description == KEEP else {"description": None if description == REMOVE else f"d{n}"}
        )
        wish |= {} if order == KEEP else {"order": None if order == REMOVE else order}
        body = {"resource_order_id" if field == "order" else field: value for field, value in wish.items()}
        body |= {"name": name} if name else {}
        wanted = None if groups is None else self.wanted_groups(who, groups, explicit)
        body |= {"batch_input": batch_body(wanted)["batch_input"]} if wanted else {}
        codes = _codes(
            (TASK_TAKEN, name in {one.name for one in project.batches.values() if one is not batch}),
            (BAD, project.expired(wish.get("order", batch.order), self.now())),
        )
        answer = self.ask(who, "PUT", f"{self.root(who)}/batch-tasks/{batch.id}", body)
        if agreed(answer, codes):
            batch.name, batch.description = name or batch.name, wish.get("description", batch.description)
            batch.order = wish.get("order", batch.order)
            tallied(answer.json, *self.spread(who, batch, wish, name, wanted))

    def spread(self, who: int, batch: Batch, wish: dict[str, Any], name: str | None, wanted: Any) -> tuple[int, int]:
        """Bring the children in line with their batch; return how many there were, and how many failed."""
        project = self.projects[who]
        here = [child for child in project.children(batch.id) if child.state is not State.DELETING]
        entries = [] if wanted is None else project.number(batch, project.entries(wanted))
        stay = here if wanted is None else [child for child in here if child.n in {entry[0] for entry in entries}]
        failed = 0
        for child in here:
            if child not in stay:
                child.delete()
        for child in sorted(stay, key=lambda one: one.id):
            own = wish | ({"name": f"{name}_{child.n}"} if name else {})
            if project.why_not_changed(child, own, self.now()):
                failed += 1
            else:
                project.change(child, own)
        new = [entry for entry in entries if entry[0] not in {child.n for child in stay}]
        children = project.fan_out(batch, new)
        self.born(who, batch, children)
        return len(here) + len(new), failed + len(new) - len(children)

    @precondition(has("batches"))
    @rule(who=people, n=which, verb=st.sampled_from(["start", "stop", "delete"]))
    def tell_batch(self, who: int, n: int, verb: str) -> None:
        """Start, stop or delete all children; the counters tell of those whose state forbids it."""
        batch = self.pick(who, "batches", n)
        if batch is None:
            return
        path = f"{self.root(who)}/batch-tasks/{batch.id}"
        answer = self.ask(who, *(("DELETE", path) if verb == "delete" else ("PUT", f"{path}/action/{verb}")))
        children = self.projects[who].children(batch.id)
        tallied(answer.json, len(children), sum(getattr(child, verb)() is not None for child in children))
        if verb == "delete":
            del self.projects[who].batches[batch.id]

    # -- orders, deployments, templates

    @rule(
        who=people,
        name=st.sampled_from(["order-1", "order-2"]),
        quota=st.integers(1, 3),
        left=st.sampled_from([None, 0, 3, 3600]),
    )
    def set_order(self, who: int, name: str, quota: int, left: int | None) -> None:
        """Register an order, or change it: it ends, or holds again."""
        expires_at = None if left is None else self.now() + left * 1000
        body: dict[str, Any] = {"stream_quota": quota} | ({} if expires_at is None else {"expires_at": expires_at})
        path, known = f"{self.ours(who)}/resource-orders", name in self.projects[who].orders
        answer = (
            self.ask(who, "PUT", f"{path}/{name}", body) if known else self.ask(who, "POST", path, body | {"id": name})
        )
        assert answer.status == (200 if known else 201), answer.text
        self.projects[who].orders[name] = Order(quota, expires_at)

    @precondition(has("orders"))
    @rule(who=people, name=st.sampled_from(["order-1", "order-2"]))
    def forget_order(self, who: int, name: str) -> None:
        """Forget an order, unless a task names it."""
        project = self.projects[who]
        if name in project.orders:
            used = any(task.order == name for task in project.tasks.values())
            answer = self.ask(who, "DELETE", f"{self.ours(who)}/resource-orders/{name}")
            if agreed(answer, {NOT_NOW} if used else set()):
                del project.orders[name]

    @rule(who=people, count=st.integers(0, 3))
    def deploy(self, who: int, count: int) -> None:
        """Deploy the service with room for a few streams, or stop it."""
        path = f"{self.root(who)}/algorithm/{ALG}/deploy"
        body = {"stream_count": count, "pool_id": "local"}
        answer = self.ask(who, "POST", path, body) if count else self.ask(who, "PUT", f"{path}/stop")
        assert answer.status == 200, answer.text
        self.projects[who].streams = count

    @precondition(has("templates"))
    @rule(who=people, n=which)
    def remove_template(self, who: int, n: int) -> None:
        """Remove a template; tasks made with it stay as they are."""
        project = self.projects[who]
        if project.templates:
            key = list(project.templates)[n % len(project.templates)]
            path = f"{self.ours(who)}/templates/{project.templates[key].id}"
            assert self.ask(who, "DELETE", path).status == 200
            project.drop_template(key)

    # -- the world moves

    @rule(state=st.sampled_from([*StreamState]), seconds=st.sampled_from([0.0, 1.0, 6.0]))
    def world_moves(self, state: StreamState, seconds: float) -> None:
        """Let streams go like this, and the loops do all there is to do."""
        self.stage.play(state)
        self.stage.pass_time(seconds)
        self.go_round()

    @rule()
    def a_worker_dies(self) -> None:
        """End a worker; its tasks go on elsewhere."""
        self.stage.worker_dies()
        self.go_round()

    @rule(seconds=st.sampled_from([4.0, 15.0, 60.0]))
    def nobody_speaks(self, seconds: float) -> None:
        """Let time pass in which no worker is heard: leases end."""
        self.stage.pass_time(seconds)
        self.stage.service.run(self.stage.theatre.settle())
        self.learn()

    def go_round(self) -> None:
        """Let the loops do their rounds; then nothing is left half-way, and no limit is passed."""
        before = [self.held(who) for who in (0, 1)]
        self.stage.go_round()
        self.learn()
        for who, project in enumerate(self.projects):
            held, (by_order, whole) = self.held(who), before[who]
            for name, order in project.orders.items():
                assert held[0].get(name, 0) <= max(order.quota, by_order.get(name, 0)), (
                    "an order gives too many streams"
                )
            if project.streams is not None:
                assert held[1] <= max(project.streams, whole), "the deployment gives too many streams"
            for task in project.tasks.values():
                assert task.state not in CLEARING, f"{task.name} is left {task.state}"
                frozen = project.expired(task.order, self.now()) or task.held or task.locked
                assert (task.state is State.FROZEN) == frozen, f"{task.name} is {task.state}, to be frozen: {frozen}"
                if project.streams == 0:
                    assert task.state not in WANTED - {State.PENDING}, (
                        f"{task.name} is {task.state} without its service"
                    )

    def teardown(self) -> None:
        """Everything can be deleted, whatever became of it; then all counters are at nothing."""
        for who, project in enumerate(self.projects):
            for batch in list(project.batches):
                assert self.ask(who, "DELETE", f"{self.root(who)}/batch-tasks/{batch}").status == 200
            for task in project.tasks.values():
                assert self.ask(who, "DELETE", f"{self.root(who)}/tasks/{task.id}").status == 200
        self.stage.play(StreamState.FLOWING)
        self.stage.go_round(3)
        for who, project in enumerate(self.projects):
            assert self.tasks_of(who) == []
            for source in project.sources:
                assert self.ask(who, "DELETE", f"{self.root(who)}/source/{source}").status == 200
            for group in project.groups:
                assert self.ask(who, "DELETE", f"{self.root(who)}/video-group/{group}").status == 200
            usage = self.clients[who].call("GET", f"{self.ours(who)}/quotas").json
            assert {one["used"] for one in usage.values()} == {0}, usage


def wished(n: int, asked: dict[str, str]) -> dict[str, Any]:
    """Return the fields that are to change, and what they are to be."""
    new = {
        "description": f"d{n}",
        "config": {"alert_time_threshold": 50 + n},
        "schedule": LATER,
        "order": asked["order"],
    }
    return {field: None if how == REMOVE else new[field] for field, how in asked.items() if how != KEEP}


def sent(shown: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
    """Return a task as it is shown, with the changes, as a client sends it back."""
    body = {field: shown[field] for field in ("name", "input", "output")}
    names_of = {"order": "resource_order_id", "saved": "is_saved_as_template"}
    for field in ("name", "description", "schedule", "order", "saved"):
        if field in wish:
            body[names_of.get(field, field)] = wish[field]
    if "config" in wish:
        body["config"] = wish["config"] and {"common": wish["config"]}
    if "secret" in wish:
        body["output"] = hook(wish["secret"]) if wish["secret"] else {"event_center": True}
    if wish.get("source"):
        body["input"] = {"type": "video_source", "data": [{"video_source_id": wish["source"]}]}
    elif "url" in wish:
        body["input"] = {"type": "url", "data": [{"url": wish["url"]}]}
    return body


def tallied(answer: Any, total: int, failed: int) -> None:
    """Make sure that the counters of a batch are honest."""
    assert (answer["total_count"], answer["failed_count"]) == (total, failed), answer
    assert answer["succeed_count"] == total - failed
    assert bool(answer["error_list"]) == bool(failed)


def _codes(*conditions: tuple[str, bool]) -> set[str]:
    return {code for code, holds in conditions if holds}


@pytest.fixture(params=["sqlite", "postgresql"] if EXAMPLES else ["sqlite"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage on each kind of database; the ordinary run is content with one."""
    if request.param == "sqlite":
        with staged() as running:
            yield running
        return
    if reason := absent():
        missing(reason)
    server = Postgres()
    server.start()
    try:
        with staged(url=server.url("postgres")) as running:
            yield running
    finally:
        server.close()


def test_a_life_told_step_by_step(stage: Stage) -> None:
    """Each rule at least once with effect, whatever the search happens to choose."""
    lives = Lives(stage)
    same = {"description": KEEP, "config": KEEP, "schedule": KEEP, "order": KEEP, "secret": SAME}
    plain: dict[str, Any] = same | {"name": None, "url": None, "source": None, "version": None, "template": False}
    moves_on: dict[str, Any] = {"state": StreamState.FLOWING, "seconds": 1.0}
    story: list[tuple[str, dict[str, Any]]] = [
        ("begin", {"state": StreamState.FLOWING}),
        *(("update_task", plain | {"who": 0, "n": n, "description": "new", "version": 0}) for n in range(4)),
        ("update_task", plain | {"who": 0, "n": 0, "config": REMOVE, "schedule": "new", "template": True}),
        ("update_source", {"who": 0, "n": 0, "name": "s5", "url": None, "tag": "new", "latitude": REMOVE}),
        ("update_source", {"who": 0, "n": 0, "name": "", "url": "rtsp://three.test/z", "tag": KEEP, "latitude": KEEP}),
        ("set_order", {"who": 0, "name": "order-1", "quota": 1, "left": 3}),
        *(("update_task", plain | {"who": 0, "n": n, "order": "order-1"}) for n in (1, 2)),
        ("world_moves", moves_on | {"seconds": 6.0}),
        ("set_order", {"who": 0, "name": "order-1", "quota": 2, "left": None}),
        ("world_moves", moves_on),
        ("forget_order", {"who": 0, "name": "order-1"}),
        ("tell_task", {"who": 1, "n": 0, "verb": "stop", "strange": True}),
        ("hold_task", {"who": 0, "n": 1, "thaw": False}),
        ("hold_project", {"who": 0, "thaw": False}),
        ("world_moves", moves_on),
        ("tell_task", {"who": 0, "n": 1, "verb": "stop", "strange": False}),
        ("hold_task", {"who": 0, "n": 1, "thaw": True}),
        ("world_moves", moves_on),
        ("hold_project", {"who": 0, "thaw": True}),
        ("world_moves", moves_on),
        ("tell_batch", {"who": 1, "n": 0, "verb": "stop"}),
        ("world_moves", moves_on),
        ("deploy", {"who": 1, "count": 2}),
        ("tell_batch", {"who": 1, "n": 0, "verb": "start"}),
        ("world_moves", moves_on),
        ("deploy", {"who": 1, "count": 0}),
        ("world_moves", moves_on),
        (
            "update_batch",
            {"who": 1, "n": 0, "name": "z", "description": "new", "order": KEEP, "groups": 0, "explicit": True},
        ),
        ("delete_source", {"who": 1, "n": 0, "strange": False}),
        ("delete_group", {"who": 1, "n": 0}),
        ("a_worker_dies", {}),
        ("nobody_speaks", {"seconds": 15.0}),
        ("world_moves", moves_on),
        ("tell_batch", {"who": 1, "n": 0, "verb": "delete"}),
        ("remove_template", {"who": 0, "n": 0}),
    ]
    for name, given in story:
        getattr(lives, name)(**given)
        lives.counters_and_rows_agree()
        lives.lists_agree()
        lives.details_agree()
    lives.teardown()


def test_whatever_happens_both_projects_are_what_the_model_says(stage: Stage) -> None:
    """Rules for single requests are tested elsewhere: this finds what only their order brings about."""
    run_state_machine_as_test(
        lambda: Lives(stage),
        settings=settings(
            max_examples=int(EXAMPLES or 10),
            stateful_step_count=STEPS,
            derandomize=EXAMPLES is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
