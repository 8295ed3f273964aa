"""What an operator sells: orders, terms of services, quotas. The same for the REST door and the command line."""

from dataclasses import dataclass

from sqlalchemy import Connection

from vedette.algorithms.registry import Registry
from vedette.model.errors import NotFound, NotReferable
from vedette.model.ids import ProjectId
from vedette.model.quota import Quotas, Resource
from vedette.model.service import ResourceOrder
from vedette.store import orders, quotas
from vedette.store.quotas import Usage


@dataclass(frozen=True, slots=True)
class Sales:
    """The verbs, with what they need; each is a unit of work.

    Attributes:
        registry: the published services: an order, or terms, for another one would be a slip.
        usual: what a project may have that has no limits of its own.
    """

    registry: Registry
    usual: Quotas

    def register(self, conn: Connection, order: ResourceOrder) -> None:
        """Register an order.

        Raises:
            NotFound: there is no such project.
            NotReferable: there is no such service.
            AlreadyExists: the project has an order with that id.
        """
        self.check_project(conn, ProjectId(order.project_id))
        self._check_service(order)
        orders.insert(conn, order)

    def change(self, conn: Connection, order: ResourceOrder) -> ResourceOrder:
        """Change what an order says, and return it; when it was registered stays.

        Raises:
            NotFound: there is no such order.
            NotReferable: there is no such service.
        """
        self._check_service(order)
        known = orders.get(conn, ProjectId(order.project_id), order.id)
        changed = ResourceOrder(
            order.project_id, order.id, order.service_name, order.stream_quota, order.expires_at, known.created_at
        )
        orders.change(conn, changed)
        return changed

    def set_commercial(self, conn: Connection, service_name: str, *, commercial: bool) -> None:
        """Say whether a service demands an order, in every project; tasks that are there already go on.

        Raises:
            NotFound: there is no such service.
        """
        self.check_published(service_name)
        orders.set_commercial(conn, service_name, commercial=commercial)

    def is_commercial(self, conn: Connection, service_name: str) -> bool:
        """Return whether a service demands an order.

        Raises:
            NotFound: there is no such service.
        """
        self.check_published(service_name)
        return orders.is_commercial(conn, service_name)

    def usage(self, conn: Connection, project_id: ProjectId) -> dict[Resource, Usage]:
        """Return what a project has and may have.

        Raises:
            NotFound: there is no such project.
        """
        return quotas.usage(conn, project_id, self.usual)

    def set_limits(
        self, conn: Connection, project_id: ProjectId, limits: dict[Resource, int | None]
    ) -> dict[Resource, Usage]:
        """Set limits of a project, and return what it has and may have now; what it has beyond them stays.

        Raises:
            NotFound: there is no such project.
        """
        self.check_project(conn, project_id)
        quotas.set_limits(conn, project_id, limits)
        return self.usage(conn, project_id)

    def check_project(self, conn: Connection, project_id: ProjectId) -> None:
        """Make sure that a project exists.

        Raises:
            NotFound: there is no such project.
        """
        self.usage(conn, project_id)

    def check_published(self, service_name: str) -> None:
        """Make sure that a service is published.

        Raises:
            NotFound: there is no such service.
        """
        if service_name not in {service.name.name for service in self.registry.services()}:
            raise NotFound(f"There is no service {service_name}.", param="service_name")

    def _check_service(self, order: ResourceOrder) -> None:
        try:
            if order.service_name is not None:
                self.check_published(order.service_name)
        except NotFound as unknown:
            raise NotReferable(unknown.message, param=unknown.param) from None
