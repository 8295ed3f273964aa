"""A service as a TOML file says it: strict, and what is wrong is said with its place."""

import tomllib
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from vedette.algorithms.composed.rows import BOUND, CategoryRow, Condition, EventRow, KeyRow, Seconds, Values
from vedette.algorithms.composed.rule_row import RuleRow
from vedette.algorithms.keys import PictureKeys, RegionKeys, SizeKeys
from vedette.model.errors import Misconfigured

LONGEST = 200_000
"""Characters of a manifest."""
MOST_FAULTS = 5
"""So many faults are told at once."""
SERVICE = r"^[a-z][a-z0-9-]{2,62}[a-z0-9]$"
Published = Annotated[str, Field(pattern=SERVICE)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Title = Annotated[str, Field(min_length=1, max_length=100)]


def _is_taken(name: str) -> bool:
    """Return whether a configuration has something of this name that is no key."""
    parts = (RegionKeys, PictureKeys, SizeKeys)
    return any(hasattr(part, name) and name not in part.model_fields for part in parts)


def _distinct(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    names = [row.name for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} is there twice")
    return rows


class ModelRow(BaseModel):
    """Which model the service looks with.

    Attributes:
        role: of the detector.
        classifier: role of a second model, which is shown each box of `of`; its labels are the classes then.
        of: classes of the detector whose boxes it is shown; empty: all.
        threshold: how sure the classifier must be.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,62}$")]
    classifier: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,62}$")] | None = None
    of: tuple[str, ...] = ()
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that need a model."""
        return (self.role,) if self.classifier is None else (self.role, self.classifier)


class NamesRow(BaseModel):
    """The published names, by where the service runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cloud: Published | None = None
    edge: Published | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.cloud is None and self.edge is None:
            raise ValueError("must have a name for cloud, for edge, or for both")
        return self


class ServiceManifest(BaseModel):
    """One service.

    Attributes:
        place: which point of a box stands for it in regions and at lines.
        every: seconds from one look to the next; 0: as often as pictures come.
        sizes: least and greatest longer side of a box in a picture 1080 high; with them the service has the keys
            `detection_min_size` and `detection_max_size`.
        analysis_fps: pictures a second it wants.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    services: NamesRow
    versions: tuple[Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,2}$")], ...] = Field(("1.0",), min_length=1)
    title_en: Title
    title_cn: Title
    description: Annotated[str, Field(max_length=2000)] = ""
    company: Title = "Local"
    tags: tuple[str, ...] = ()
    function_version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+){0,2}$")] = "1.0"
    released: date | None = None
    model: ModelRow
    place: Literal["foot", "centre"] = "foot"
    every: Seconds = 0.0
    sizes: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=1)]] | None = None
    analysis_fps: Annotated[float, Field(gt=0, le=60)] = 10.0
    categories: Annotated[tuple[CategoryRow, ...], Field(min_length=1), AfterValidator(_distinct)]
    keys: Annotated[tuple[KeyRow, ...], AfterValidator(_distinct)] = ()
    events: Annotated[tuple[EventRow, ...], Field(min_length=1), AfterValidator(_distinct)]
    rules: Annotated[tuple[RuleRow, ...], Field(min_length=1)]
    needs_no_classes: StrictBool = False
    """Whether motion may stand in for the role `objects`."""

    @property
    def released_at(self) -> int:
        """Milliseconds since the epoch; 0: nobody said."""
        if self.released is None:
            return 0
        return int(datetime(self.released.year, self.released.month, self.released.day, tzinfo=UTC).timestamp()) * 1000

    def event(self, name: str) -> EventRow:
        """Return an event by its name."""
        return next(row for row in self.events if row.name == name)

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        """Look whether all that is named is declared, and all that is declared is used."""
        faults = [*self._faults_of_bounds(), *self._faults_of_rules()]
        told = {rule.event for rule in self.rules}
        faults += [f"events: no rule tells {row.name}" for row in self.events if row.name not in told]
        faults += [f"keys: nothing goes by {row.name}" for row in self.keys if row.name not in self._bound()]
        faults += [f"keys: {row.name} is there by itself" for row in self.keys if row.name in self._shared()]
        faults += [f"keys: {row.name} is a word that is used here already" for row in self.keys if _is_taken(row.name)]
        if len(self.categories) > 1:
            faults += [f"categories: {row.name} has no classes" for row in self.categories if not row.classes]
        if faults:
            raise ValueError("; ".join(faults[:MOST_FAULTS]))
        return self

    def _values(self) -> list[tuple[str, Values | Condition]]:
        """Return everything that may be the name of a key, each with where it stands."""
        rows: list[tuple[str, BaseModel]] = [(f"rules[{n}]", rule) for n, rule in enumerate(self.rules)]
        rows += [(f"categories.{row.name}", row) for row in self.categories]
        found: list[tuple[str, Values | Condition]] = [("every", self.every)]
        for where, row in rows:
            found += [
                (f"{where}.{name}", getattr(row, name))
                for name, field in type(row).model_fields.items()
                if field.metadata and BOUND in field.metadata
            ]
        return found

    def _shared(self) -> set[str]:
        parts = (RegionKeys, PictureKeys, SizeKeys) if self.sizes else (RegionKeys, PictureKeys)
        return {name for part in parts for name in part.model_fields}

    def _bound(self) -> set[str]:
        named = (value.key if isinstance(value, Condition) else value for _, value in self._values())
        return {name for name in named if isinstance(name, str)}

    def _faults_of_bounds(self) -> list[str]:
        declared = {row.name: row for row in self.keys}
        faults = []
        for where, value in self._values():
            name = value.key if isinstance(value, Condition) else value
            if not isinstance(name, str):
                continue
            if name not in declared:
                faults.append(f"{where}: no key {name} is declared")
            elif isinstance(value, str) and declared[name].type not in {"whole", "number"}:
                faults.append(f"{where}: the key {name} is no number")
        return faults

    def _faults_of_rules(self) -> list[str]:
        events = {row.name: row for row in self.events}
        kinds = {row.name for row in self.categories}
        faults = []
        for n, rule in enumerate(self.rules):
            named = (*rule.categories, *rule.having, *rule.lacking)
            faults += [f"rules[{n}]: there is no category {name}" for name in named if name not in kinds]
            if rule.event not in events:
                faults.append(f"rules[{n}].event: there is no event {rule.event}")
                continue
            faults += [f"rules[{n}]: {fault}" for fault in rule.faults_with(events[rule.event])]
        return faults


def parse(text: str, where: str) -> ServiceManifest:
    """Return the service that a TOML text describes; `where` names the text in errors.

    Raises:
        Misconfigured: it is no TOML, or something in it is missing, unknown, out of range or does not fit the rest.
    """
    if len(text) > LONGEST:
        raise Misconfigured(f"The service {where} is longer than {LONGEST} characters.")
    try:
        return ServiceManifest.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Misconfigured(f"The service {where} is not TOML: {error}.") from error
    except ValidationError as error:
        found = error.errors()
        # a row that is wrong is not counted, and the table would seem to have none
        wrong = {fault["loc"][0] for fault in found if len(fault["loc"]) > 1}
        faults = [
            _told(one["loc"], one["msg"]) for one in found if one["type"] != "too_short" or one["loc"][0] not in wrong
        ]
        more = f" (and {len(faults) - MOST_FAULTS} more)" if len(faults) > MOST_FAULTS else ""
        raise Misconfigured(f"The service {where} is wrong: {'; '.join(faults[:MOST_FAULTS])}{more}.") from error


def _told(path: tuple[int | str, ...], message: str) -> str:
    """Return a fault in words, with where it stands, such as `rules[0].seconds`."""
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    said = message.removeprefix("Value error, ").rstrip(".")
    said = {"Field required": "is missing", "Extra inputs are not permitted": "is not known"}.get(said, said)
    return f"{where}: {said[:1].lower()}{said[1:]}" if where else said
