"""Many who want the same names in another order, on both databases: nobody is refused for more than the name."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.ground import MINE, NOW, SERVICE, count_tasks, document
from vedette.algorithms.registry import Registry
from vedette.control.batches import Batches
from vedette.control.tasks import Tasks
from vedette.model.batch import BatchDocument, BatchGroup
from vedette.model.errors import TaskNameTaken
from vedette.model.group import VideoGroup
from vedette.model.ids import UserId
from vedette.model.output import TaskOutput
from vedette.model.quota import USUAL, Resource
from vedette.model.source import AccessType, SourceKind, VideoSource
from vedette.store import groups, quotas, video_sources
from vedette.store.db import Database
from vedette.store.identity import Principal
from vedette.store.vault import Vault

ANNA = Principal(UserId("u"), "anna", "default", MINE, "mine", "default", ("admin",))
REGISTRY = Registry.load()
ROUNDS = 10


@pytest.fixture
def verbs(db: Database, vault: Vault) -> Tasks:
    return Tasks(db, vault, REGISTRY, lambda: None, lambda: NOW)


async def told(work: Sequence[Any]) -> list[Any]:
    """Do all of it at once; return the answers, of which a failure may only be that a name is taken."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    assert [one for one in answers if isinstance(one, BaseException) and not isinstance(one, TaskNameTaken)] == []
    return answers


async def agree(db: Database) -> None:
    """Make sure that the counter is what there is."""
    assert (await db.read(quotas.usage, MINE, USUAL))[Resource.TASKS].used == await db.read(count_tasks, MINE)


async def test_names_in_opposite_orders(db: Database, verbs: Tasks) -> None:
    """Each holds what the other wants next: one of them has it all, the other is told that the name is taken."""
    for turn in range(ROUNDS):
        wanted = [document(f"gate_{turn}_{n}") for n in range(6)]
        answers = await told([verbs.create(ANNA, way) for way in (wanted, wanted[::-1]) * 3])
        assert sum(isinstance(one, list) for one in answers) == 1
    assert await db.read(count_tasks, MINE) == 6 * ROUNDS
    await agree(db)


async def test_a_batch_and_tasks_of_its_childrens_names(db: Database, vault: Vault, verbs: Tasks) -> None:
    """The batch counts its children first and the tasks are counted last; neither waits for the other for ever."""
    batches = Batches(db, vault, REGISTRY, verbs, lambda: None, lambda: NOW)

    def furnish(conn: Any) -> None:
        for n in range(6):
            config = {"URL_ADDRESS": f"rtsp://c/{n}"}
            source = VideoSource(f"cam-{n}", MINE, f"cam {n}", AccessType.CLOUD, SourceKind.URL, "<x/>", config)
            video_sources.insert(conn, vault, source)
        groups.insert(conn, VideoGroup("group", MINE, "gates", AccessType.CLOUD), [f"cam-{n}" for n in range(6)])

    await db.write(furnish)
    for turn in range(ROUNDS):
        wanted = BatchDocument(f"b{turn}", SERVICE, "3.0", (BatchGroup("group"),), TaskOutput(event_center=True))
        singles = [verbs.create(ANNA, [document(f"b{turn}_{n}")]) for n in range(6)]
        answers = await told([batches.create(ANNA, wanted), *singles])
        made = answers[0][1].succeeded + sum(isinstance(one, list) for one in answers[1:])
        assert made == 6
    await agree(db)
