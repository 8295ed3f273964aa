"""Models on the command line: tried when they come in, checked on pictures, made smaller with a clip."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vedette.algorithms import manifests
from vedette.algorithms.inference import proof, quantising
from vedette.algorithms.inference.choices import Choice, Choices
from vedette.algorithms.inference.face import EngineName, Wish
from vedette.algorithms.inference.sessions import installed
from vedette.algorithms.inference.sighted import frame_of
from vedette.algorithms.manifests import ModelManifest
from vedette.algorithms.models import Installed, ModelStore, checksum
from vedette.app.single import EVERYWHERE, located
from vedette.media.reconnect import Feed
from vedette.model.errors import ModelError
from vedette.model.event import Drawing
from vedette.model.frame import Image
from vedette.results import snapshot
from vedette.settings import Settings

EVERY_PICTURE = 1000.0
"""Pictures a second that no clip has."""
LARGEST_SIDE = 1280
"""Pictures for calibration are no larger: many are kept at once, and models see less."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the store, and what runs it."""

    model: Installed
    choice: Choice | None


class Desk:
    """The models of an installation, as an operator sees them.

    Args:
        settings: of the installation.
    """

    def __init__(self, settings: Settings) -> None:
        self.store = ModelStore(settings.models_dir)
        self._wish = Wish.of(settings.engine, settings.precision, settings.providers)
        self._choices = Choices(settings.models_dir, self._wish, installed())

    def listed(self) -> list[Listed]:
        """Return the installed models, best first.

        Raises:
            ModelError: a manifest in the folder cannot be read.
        """
        return [Listed(model, self._choices.known(model.manifest)) for model in self.store.list()]

    def add(self, file: Path, manifest: Path | None) -> tuple[ModelManifest, Choice]:
        """Take a file in, after it was tried.

        Raises:
            ModelError: it is not the one described, or does not work.
        """
        made = self.store.add(file, manifest, prove=self._prove)
        return made, self._choices.choose(self.store.path(made), made)

    def pull(self, what: str, manifest: Path | None) -> tuple[ModelManifest, Choice]:
        """Fetch a file and take it in, after it was tried.

        Raises:
            ModelError: it cannot be fetched, is not the one described, or does not work.
        """
        made = self.store.pull(what, EVERYWHERE, manifest, prove=self._prove)
        return made, self._choices.choose(self.store.path(made), made)

    def _prove(self, path: Path, manifest: ModelManifest) -> None:
        self._choices.choose(path, manifest)

    def find(self, what: str, manifest: Path | None) -> tuple[Path, ModelManifest | None]:
        """Return file and manifest of an installed model by name, or of any file; no manifest if nobody described it.

        Raises:
            ModelError: there is neither such a model nor such a file, or the manifest is wrong.
        """
        known = next((model for model in self.store.list() if model.manifest.name == what), None)
        if known is not None:
            return self.store.verify(known), known.manifest
        path = Path(what)
        if not path.is_file():
            raise ModelError(f"No model {what} is installed, and there is no such file.")
        if manifest is not None:
            return path, manifests.read(manifest).manifest
        digest = checksum(path)
        return path, next((each.manifest for each in manifests.catalogue() if each.manifest.sha256 == digest), None)

    def check(
        self, path: Path, manifest: ModelManifest, picture: Path | None, engine: str | None, limits: proof.Limits
    ) -> proof.Proof:
        """Run a model on a picture, in a process of its own.

        Raises:
            ModelError: it does not work.
        """
        known = self._choices.known(manifest)
        first = known.engine if known else self._wish.engine or EngineName.ONNXRUNTIME
        return proof.prove(
            path, manifest, EngineName(engine) if engine else first, self._wish, picture=picture, limits=limits
        )

    def quantise(
        self,
        name: str,
        clip: str,
        pictures: int,
        called: str,
        rank: int | None,
        on_picture: Callable[[int], None] = lambda _: None,
    ) -> tuple[quantising.Quantised, Choice, Choice]:
        """Make an int8 model of a float one; return it, and how the old and the new one run.

        Raises:
            ModelError: it cannot be made.
            SourceError: the clip cannot be read.
        """
        model = next((model for model in self.store.list() if model.manifest.name == name), None)
        if model is None:
            raise ModelError(f"No model {name} is installed.")
        before = self._choices.choose(self.store.verify(model), model.manifest)
        made = quantising.quantise(self.store, model, pictures_of(clip, pictures, on_picture), called, rank)
        return made, before, self._choices.choose(self.store.path(made.manifest), made.manifest)


def pictures_of(clip: str, most: int, on_picture: Callable[[int], None]) -> list[Image]:
    """Return so many pictures of a clip, spread over its whole length whatever that is.

    Raises:
        SourceError: it cannot be read.
    """
    address, root = located(clip)
    feed = Feed(address, policy=EVERYWHERE, file_roots=(root,) if root else (), fps=EVERY_PICTURE)
    kept: list[Image] = []
    step = 1
    for index, frame in enumerate(feed.frames()):
        if index % step:
            continue
        kept.append(_small(frame.bgr()))
        if len(kept) >= 2 * most:
            kept, step = kept[::2], step * 2
        on_picture(len(kept))
    return [kept[round(at)] for at in np.linspace(0, len(kept) - 1, min(most, len(kept)))]


def _small(image: Image) -> Image:
    ratio = LARGEST_SIDE / max(image.shape[:2])
    if ratio >= 1:
        return image.copy()
    size = round(image.shape[1] * ratio), round(image.shape[0] * ratio)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def drawn(picture: Path, seen: list[Mapping[str, Any]]) -> bytes:
    """Return the picture with what was seen on it, as JPEG.

    Raises:
        ModelError: the picture cannot be read.
    """
    image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"The picture {picture.name} cannot be read.")
    boxes = []
    for row in seen:
        if "box" in row:
            left, top, right, bottom = (round(value) for value in row["box"])
            boxes.append(
                ((left, top, max(1, right - left), max(1, bottom - top)), f"{row['label']} {row['score']:.2f}")
            )
    marks = [
        (((x - 2, y - 2), (x + 2, y + 2)), ((x - 2, y + 2), (x + 2, y - 2)))
        for row in seen
        for x, y in row.get("points", ())
    ]
    lines = tuple(line for cross in marks for line in cross)
    return snapshot.render(frame_of(np.asarray(image, np.uint8)), Drawing(boxes=tuple(boxes), lines=lines))
