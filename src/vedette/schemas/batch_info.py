"""The answers about batch tasks, and the query of their list."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field

from vedette.model.batch import Tally
from vedette.model.lifecycle import State
from vedette.schemas.common import Text, Wire, one_of
from vedette.schemas.task_list import Groups, split, wanted_states

NAMES_LENGTH: Final = 1024
"""Characters of `video_source_name`, which joins the names of the sources of up to 100 children."""
STATES: Final = (*(state.lower() for state in State), "stopped_no_service", "scheduling", "lack_of_resources")


class BatchListQuery(Wire):
    """Which batch tasks are listed."""

    model_config = ConfigDict(strict=False)

    is_paged: bool = True
    """Whether only one page is answered, or all."""
    page_size: Annotated[int, Field(ge=5, le=200)] = 10
    """Batch tasks on a page."""
    page_num: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Number of the page, from 1."""
    order_by: Annotated[str, one_of(("asc", "desc"))] = "desc"
    """Direction of the order."""
    sort_name: Annotated[str, one_of(("task_count", "created_at"))] = "created_at"
    """What they are ordered by: number of children, or time of creation."""
    video_group: Groups = Field(default_factory=list)
    """Only batch tasks with a child in one of these groups; repeated or joined by commas."""
    task_state: Annotated[list[Annotated[str, one_of(STATES)]], BeforeValidator(split), Field(max_length=100)] = Field(
        default_factory=list
    )
    """Only batch tasks with a child in one of these states, lower-case; repeated or joined by commas. `scheduling` is taken
    for `pending`, `lack_of_resources` for `create_failed`, and `stopped_no_service` for children that stand still because
    their service was stopped."""
    type_like: Annotated[str, one_of(("batch_task_name", "publish_service_name"))] = "batch_task_name"
    """What `name_like` looks at: the batch task's name, or that of its service."""
    name_like: Annotated[Text, Field(max_length=100)] = ""
    """Part of the name, in any case."""
    manufacturer: Annotated[Text, Field(min_length=2, max_length=64)] | None = None
    """Maker of the algorithm."""
    title: Annotated[Text, Field(min_length=2, max_length=64)] | None = None
    """Part of the algorithm's display name, in any case."""

    def states(self) -> tuple[frozenset[State], bool]:
        """Return the states that are meant, and whether those are too that were stopped with their service."""
        return wanted_states([name.upper() for name in self.task_state])


class BatchResult(Wire):
    """What became of a batch task's children."""

    id: str
    """Id of the batch task."""
    total_count: int
    """Children that were to be made or told."""
    succeed_count: int
    """Those for which it was done."""
    failed_count: int
    """Those for which it was not."""
    error_list: list[str]
    """Why: a sentence for each that failed, or one for many with the same reason."""


class BatchEntry(Wire):
    """A batch task in a list."""

    id: str
    """Id of the batch task."""
    batch_task_name: str
    """Its name."""
    video_source_name: str
    """Names of the sources its children look at, joined by commas; of 100 children and 1024 characters at most."""
    video_group_name: str
    """Names of its groups, joined by commas."""
    alg_name: str
    """Display name of the algorithm; the service's name where the algorithm is not installed any more."""
    company: str
    """Maker of the algorithm; empty where it is not installed any more."""
    type: str
    """`0` for cloud, `1` for edge; empty where the algorithm is not installed any more."""
    num_task: int
    """How many children there are."""
    created_at: int
    """When it was created, milliseconds since the epoch."""
    batch_task_status_info: dict[str, int]
    """How many children are in each state, by its lower-case name; states without any are left out."""


class BatchList(Wire):
    """Batch tasks."""

    count: int
    """How many there are in all."""
    batch_task_list: list[BatchEntry]
    """The batch tasks, or one page of them."""


def batch_result(batch_id: str, tally: Tally) -> dict[str, Any]:
    """Return the five counters."""
    return {
        "id": batch_id,
        "total_count": tally.total,
        "succeed_count": tally.succeeded,
        "failed_count": tally.failed,
        "error_list": list(tally.errors),
    }


def batch_entry(row: Any, service: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry of a batch task.

    Args:
        row: a `store.batch_lists.Listed`.
        service: `title`, `company` and `type` of its service; nothing if its algorithm is not installed any more.
    """
    return {
        "id": row.id,
        "batch_task_name": row.name,
        "video_source_name": joined(row.source_names),
        "video_group_name": joined(row.group_names),
        "alg_name": service.get("title", row.service_name),
        "company": service.get("company", ""),
        "type": service.get("type", ""),
        "num_task": sum(row.states.values()),
        "created_at": row.created_at,
        "batch_task_status_info": {name.lower(): number for name, number in row.states.items() if number},
    }


def joined(names: Sequence[str]) -> str:
    """Return names joined by commas, none of them cut in two."""
    text = ",".join(names)
    return text if len(text) <= NAMES_LENGTH else text[: text.rindex(",", 0, NAMES_LENGTH - 1) + 1] + "…"
