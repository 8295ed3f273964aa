"""How much a project may have."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Resource(StrEnum):
    """What is counted."""

    TASKS = "tasks"
    SOURCES = "sources"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of a project that has none of its own."""

    tasks: int = 100_000
    sources: int = 5_000
    groups: int = 200

    def of(self, resource: Resource) -> int:
        """Return the limit of one resource."""
        return {Resource.TASKS: self.tasks, Resource.SOURCES: self.sources, Resource.GROUPS: self.groups}[resource]


USUAL: Final = Quotas()
