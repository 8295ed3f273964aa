"""The older dialect's list of a service's tasks says the same on both databases."""

from conformance import ground
from conformance.ground import MINE, NOW, OTHERS, SERVICE
from vedette.model.lifecycle import State
from vedette.model.task import TaskDocument
from vedette.store import service_tasks
from vedette.store.db import Database
from vedette.store.service_tasks import Wanted
from vedette.store.vault import Vault


async def names(db: Database, vault: Vault, **wanted: object) -> tuple[int, list[str]]:
    asked = Wanted(SERVICE, **wanted)  # type: ignore[arg-type]
    count = await db.read(service_tasks.count, MINE, asked)
    found = await db.read(service_tasks.page, MINE, asked, count)
    assert found == await db.read(service_tasks.page, MINE, asked, None)
    return count, [vault.unseal(task.sealed, TaskDocument).name for task in found]


async def test_a_page_is_filtered_sorted_and_cut(db: Database, vault: Vault) -> None:
    """`LIKE` minds case on one database and not on the other, and an underscore is a letter."""
    several = [ground.task(name, at=NOW + n) for n, name in enumerate(["alpha", "Beta_1", "gamma", "beta-2"])]
    await ground.insert(db, vault, *several, ground.task("alpha", project=OTHERS))
    assert await names(db, vault) == (4, ["beta-2", "gamma", "Beta_1", "alpha"])
    assert await names(db, vault, name_like="BETA") == (2, ["beta-2", "Beta_1"])
    assert await names(db, vault, name_like="a_") == (1, ["Beta_1"])
    assert await names(db, vault, id_like=several[2].id[4:20]) == (1, ["gamma"])
    assert await names(db, vault, created_since=NOW + 1, created_until=NOW + 2) == (2, ["gamma", "Beta_1"])
    assert await names(db, vault, descending=False, offset=1, limit=2) == (4, ["Beta_1", "gamma"])
    assert await names(db, vault, states=[State.RUNNING]) == (0, [])
    assert await names(db, vault, service_version="2.0") == (0, [])
    assert (await names(db, vault, order="updated_at"))[1][0] == "beta-2"


async def test_every_page_is_the_same_read_from_either_end(db: Database, vault: Vault) -> None:
    """Pages behind the middle are read from the end; nothing may be missing, twice, or in another order."""
    several = [ground.task(f"task-{n:02}", at=NOW + n // 3) for n in range(11)]
    await ground.insert(db, vault, *several)
    for order in ("name", "created_at", "updated_at"):
        for descending in (True, False):
            _, whole = await names(db, vault, order=order, descending=descending, limit=100)
            for limit in (1, 3, 4, 11):
                for offset in range(13):
                    page = await names(db, vault, order=order, descending=descending, offset=offset, limit=limit)
                    assert page == (11, whole[offset : offset + limit]), (order, descending, offset, limit)
