"""The contract of an algorithm: a manifest and one method.

One instance serves one run of one task, so what it remembers stands in plain attributes. Time comes from the
picture, never from the wall: a file and a camera behave alike, and a replay gives the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from vedette.model.detection import Detections
from vedette.model.errors import AlgorithmError
from vedette.model.event import Finding
from vedette.model.frame import Frame
from vedette.model.message import EventData

PlainState = Mapping[str, Any]
"""What an object remembers: None, bool, int, float, str, bytes, lists, mappings and NumPy arrays."""


class AlgorithmConfig(BaseModel):
    """A task's `config.common`: declared keys are checked, others kept (the task's `status` warns of them).

    The published samples send numbers as strings now and then, so a numeric string is taken for its number.
    """

    model_config = ConfigDict(extra="allow", frozen=True)


class Detector(Protocol):
    """Sees things in a picture. One detector object serves one stream; sessions behind it are shared.

    Attributes:
        name: for people, such as `yolox-nano` or `motion`.
        knows_classes: False for a detector that sees that something moves, but not what it is.
    """

    name: str
    labels: tuple[str, ...]
    knows_classes: bool

    def __call__(self, frame: Frame) -> Detections:
        """Return what it sees.

        Raises:
            ModelError: the engine failed.
        """
        ...

    def state(self) -> PlainState:
        """Return what it remembers of earlier pictures."""
        ...

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave."""
        ...


class Classifier(Protocol):
    """Says what kind of thing each box of a picture holds.

    Attributes:
        name: for people.
        labels: the kinds it knows.
    """

    name: str
    labels: tuple[str, ...]

    def __call__(self, frame: Frame, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, labels) scores of 0 to 1 for (n, 4) boxes; from one half on a score is to be believed.

        Raises:
            ModelError: the engine failed.
        """
        ...


class Embedder(Protocol):
    """Says how each box of a picture looks, as a vector; the product of two vectors says how alike two boxes are.

    Attributes:
        name: for people.
    """

    name: str

    def __call__(self, frame: Frame, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, d) vectors of length 1 for (n, 4) boxes.

        Raises:
            ModelError: the engine failed.
        """
        ...


class Models(Protocol):
    """What an algorithm asks for detectors, classifiers and embedders."""

    def has(self, role: str) -> bool:
        """Return whether a model is installed for a role: for what an algorithm can do without.

        Raises:
            ModelError: the folder of models cannot be read.
        """
        ...

    def detector(self, role: str) -> Detector:
        """Return the best detector there is for a role of the manifest, such as `objects`.

        Raises:
            ModelError: the role needs a model that is not installed.
        """
        ...

    def classifier(self, role: str) -> Classifier:
        """Return the best classifier there is for a role, such as `vehicles.type`.

        Raises:
            ModelError: the role needs a model that is not installed.
        """
        ...

    def embedder(self, role: str) -> Embedder:
        """Return the best embedder there is for a role, such as `persons.appearance`.

        Raises:
            ModelError: the role needs a model that is not installed.
        """
        ...


@dataclass(frozen=True, slots=True)
class ServiceName:
    """A published name under which an algorithm is a service.

    Attributes:
        name: as in the path, such as `c-intrusiondetection-cloud`.
        deploy_type: `cloud` or `edge`.
    """

    name: str
    deploy_type: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event that an algorithm can tell.

    Attributes:
        number: `event_type` of the message.
        name: one word or a few, such as `intrusion`; lists and reviews filter by it.
        data: what stands in `data` of its message. The message is made of it, and so is the published schema.
        ends: whether its message has an `alarm_type`, which tells the begin of something from its end.
        cuts: whether its picture is a part cut out of the whole one (`FaceImage`), which may come with it.
    """

    number: int
    name: str
    data: type[EventData]
    ends: bool = False
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """What can be known of an algorithm without running it.

    Attributes:
        name: ours, such as `intrusion`.
        services: the published names it answers to.
        versions: the service versions it answers to, one implementation.
        title_en: display name.
        title_cn: display name.
        config: the declared parameters.
        roles: detectors it asks for.
        needs: those of the roles without whose model it cannot run; its tasks are refused as long as there is none.
        events: the kinds of events it can tell.
        analysis_fps: pictures a second it wants at least; a stream gives it no fewer if it has them.
        state_version: grows when what `state` returns changes its shape.
        function_version: version of what the algorithm does, whatever service versions it answers to.
        package: name of the package it is published in; empty: a package of its own, under its title.
        tags: words to find it by.
        released_at: milliseconds since the epoch; 0: nobody said.
    """

    name: str
    services: tuple[ServiceName, ...]
    versions: tuple[str, ...]
    title_en: str
    title_cn: str
    config: type[AlgorithmConfig]
    roles: tuple[str, ...]
    events: tuple[EventKind, ...]
    company: str = "Vedette"
    analysis_fps: float = 10.0
    state_version: int = 1
    description: str = field(default="")
    function_version: str = "1.0"
    package: str = ""
    tags: tuple[str, ...] = ()
    released_at: int = 0
    needs: tuple[str, ...] = ()

    @property
    def event_types(self) -> dict[int, str]:
        """Return number and name of the events it can tell."""
        return {kind.number: kind.name for kind in self.events}

    def check(self, finding: Finding) -> None:
        """Look whether a finding is of a declared kind; whether its values are, `vedette.testing` looks.

        Raises:
            AlgorithmError: it is not.
        """
        kind = next((kind for kind in self.events if kind.number == finding.event_type), None)
        if kind is None:
            raise AlgorithmError(
                f"{self.name} tells events of the type {finding.event_type}, which it does not declare."
            )
        if type(finding.data) is not kind.data:
            told = type(finding.data).__name__
            raise AlgorithmError(f"{self.name} tells {told} where it declares {kind.data.__name__}.")
        if (finding.over is not None) is not kind.ends:
            raise AlgorithmError(
                f"{self.name}: {kind.name} {'must' if kind.ends else 'cannot'} say whether it is over."
            )


C = TypeVar("C", bound=AlgorithmConfig)


class Algorithm(ABC, Generic[C]):
    """Base of all algorithms; a subclass sets `manifest` and writes `process`."""

    manifest: ClassVar[Manifest]

    @abstractmethod
    def __init__(self, config: C, models: Models) -> None:
        """Take the checked configuration, and ask for the detectors the manifest names."""

    @abstractmethod
    def process(self, frame: Frame) -> Iterable[Finding]:
        """Look at the next picture; yield what is to be told of it, or nearly always nothing."""

    def finish(self, last: Frame) -> Iterable[Finding]:  # noqa: ARG002 - for those that have something to tell
        """Tell what is left to tell when a file or a stream has come to its end; called once, after the last picture.

        For what is told at the end of an interval, and would be lost with the one that has begun. It is not called
        where a task is stopped.
        """
        return ()

    def followed(self) -> Detections | None:
        """Return what it follows in the picture it looked at last, with track ids, for `vedette eval`; None: nothing."""
        return None

    def note(self) -> str:
        """Return a sentence for the task's `status`, such as which detector is at work; may be empty."""
        return ""

    def state(self) -> PlainState | None:
        """Return what it remembers, or None: after a crash the file is then replayed from its start."""
        return None

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave; called before the first picture.

        The configuration may have been changed meanwhile: take up what still fits, and raise if nothing does.
        """
        raise NotImplementedError(state)

    def succeed(self, former: Self) -> None:
        """Take up what the algorithm of this run knows under its earlier configuration; called between two pictures.

        What still fits is taken up, so that nothing is told twice; what belongs to something that has changed begins
        anew. If this raises, another object is made, which begins afresh. `former` is not asked again.
        """
        state = former.state()
        if state is not None:
            self.restore(state)
