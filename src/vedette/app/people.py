"""People and keys as the operator names them: by name or id, in any project."""

from dataclasses import dataclass

from vedette.auth import tokens
from vedette.auth.authenticator import DOMAIN
from vedette.auth.keys import Keys
from vedette.auth.people import NewUser, People
from vedette.auth.projects import Projects
from vedette.auth.rules import known_role
from vedette.store.access_keys import KeyRow
from vedette.store.people import Membership, UserRow
from vedette.store.projects import ProjectRow


@dataclass(frozen=True, slots=True)
class Desk:
    """What an operator does with people, each with one call.

    Every method raises `NotFound` for a name that nobody and nothing has.
    """

    all_people: People
    all_projects: Projects
    all_keys: Keys

    async def user(self, name: str) -> UserRow:
        """Return a user by name, else by id."""
        found = await self.all_people.users(name=name)
        return found[0] if len(found) == 1 else await self.all_people.user(name)

    async def project(self, name: str) -> ProjectRow:
        """Return a project by name, else by id."""
        found = await self.all_projects.listed(name=name)
        return found[0] if len(found) == 1 else await self.all_projects.project(name)

    async def users(self, project: str | None) -> list[UserRow]:
        """Return all users, or those of a project."""
        found = await self.all_people.users()
        if project is None:
            return found
        places = await self.all_people.assignments(project_id=(await self.project(project)).id)
        within = {place.user_id for place in places}
        return [user for user in found if user.id in within]

    async def add_user(
        self, name: str, password: str | None, description: str, project: str | None, role: str
    ) -> tuple[UserRow, str]:
        """Make a user with a role in a project; return them and their password."""
        where = None if project is None else await self.project(project)
        known_role(role)
        secret = tokens.new_secret() if password is None else password
        made = await self.all_people.add_user(NewUser(name, DOMAIN, secret, description))
        if where is not None:
            await self.all_people.grant(made.id, where.id, role)
        return made, secret

    async def remove_user(self, name: str) -> UserRow:
        """Remove a user."""
        known = await self.user(name)
        await self.all_people.remove_user(known.id)
        return known

    async def set_password(self, name: str, password: str | None) -> tuple[UserRow, str]:
        """Give a user another password; return them and it."""
        secret = tokens.new_secret() if password is None else password
        return await self.all_people.change_user((await self.user(name)).id, {}, secret), secret

    async def enable_user(self, name: str, *, enabled: bool) -> UserRow:
        """Let a user in, or not."""
        return await self.all_people.change_user((await self.user(name)).id, {"enabled": int(enabled)})

    async def projects(self) -> list[ProjectRow]:
        """Return all projects."""
        return await self.all_projects.listed()

    async def add_project(self, name: str, description: str) -> ProjectRow:
        """Make a project."""
        return await self.all_projects.add(name, DOMAIN, description=description)

    async def remove_project(self, name: str) -> ProjectRow:
        """Remove an empty project."""
        known = await self.project(name)
        await self.all_projects.remove(known.id)
        return known

    async def grant(self, user: str, project: str, role: str) -> None:
        """Give a role."""
        await self.all_people.grant((await self.user(user)).id, (await self.project(project)).id, role)

    async def revoke(self, user: str, project: str, role: str) -> None:
        """Take a role."""
        await self.all_people.revoke((await self.user(user)).id, (await self.project(project)).id, role)

    async def places(self) -> list[Membership]:
        """Return who has which roles."""
        return await self.all_people.assignments()

    async def add_key(self, user: str, project: str, description: str) -> tuple[KeyRow, str]:
        """Make an access key; return it and its secret."""
        return await self.all_keys.add((await self.user(user)).id, description, (await self.project(project)).id)

    async def keys(self, user: str) -> list[KeyRow]:
        """Return the keys of a user."""
        return await self.all_keys.listed((await self.user(user)).id)

    async def remove_key(self, access_key: str) -> None:
        """Remove an access key."""
        await self.all_keys.remove(access_key)
