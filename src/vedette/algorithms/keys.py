"""The keys of `config.common` that several services share, as parts of their configurations."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from vedette.algorithms.base import AlgorithmConfig
from vedette.algorithms.geometry import Roi
from vedette.algorithms.parameters import Switch, Whole
from vedette.model.event import Box, Drawing

USUAL_HEIGHT = 1080
"""The picture height that default sizes are meant for."""


def key(english: str, chinese: str, default: Any, *, unit: str = "", **limits: Any) -> Any:
    """Return a declared key of `config.common`.

    Args:
        english: its title.
        chinese: its title.
        default: its value where the task gives none.
        unit: of its value, such as `seconds`.
        limits: `ge`, `le` and the like, as Pydantic has them.
    """
    return Field(default=default, title=english, json_schema_extra={"title_cn": chinese, "unit": unit}, **limits)


class RegionKeys(AlgorithmConfig):
    """Where to look."""

    target_roi: str = key("Regions and lines", "检测区域", "")

    @field_validator("target_roi")
    @classmethod
    def _roi_is_sound(cls, text: str) -> str:
        Roi.parse(text)
        return text

    def roi(self) -> Roi:
        """Return the regions and lines."""
        return Roi.parse(self.target_roi)


class PictureKeys(AlgorithmConfig):
    """What the picture of an event looks like."""

    render_result_sw: Switch = key("Draw boxes", "结果渲染开关", True)
    render_roi_sw: Switch = key("Draw regions and lines", "区域渲染开关", False)
    image_compression_ratio: Whole = key("JPEG quality", "图片压缩率", 90, ge=20, le=100)

    def drawing(self, boxes: Iterable[tuple[Box, str]], roi: Roi) -> Drawing:
        """Return what is drawn: boxes with their captions, regions and lines, as far as they are asked for."""
        shown = roi if self.render_roi_sw else Roi()
        return Drawing(
            boxes=tuple(boxes) if self.render_result_sw else (),
            polygons=tuple(polygon.corners for polygon in shown.polygons),
            lines=tuple((line.start, line.end) for line in shown.lines),
            quality=self.image_compression_ratio,
        )


class SizeKeys(AlgorithmConfig):
    """How large a target may be; a service gives the sizes that hold where a task gives none."""

    detection_min_size: Whole | None = key("Smallest target", "最小目标尺寸", None, unit="pixels", ge=0, le=10_000)
    detection_max_size: Whole | None = key("Largest target", "最大目标尺寸", None, unit="pixels", ge=1, le=10_000)

    @field_validator("detection_max_size")
    @classmethod
    def _sizes_are_in_order(cls, most: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("detection_min_size")
        if most is not None and least is not None and most < least:
            raise ValueError("must not be smaller than detection_min_size")
        return most

    def sizes(self, height: int, usual: tuple[float, float]) -> tuple[float, float]:
        """Return the least and the greatest longer side of a box, in pixels.

        Args:
            height: of the picture.
            usual: the sizes that hold by default, in a picture of `USUAL_HEIGHT`.
        """
        share = height / USUAL_HEIGHT
        least, most = self.detection_min_size, self.detection_max_size
        return usual[0] * share if least is None else least, usual[1] * share if most is None else most
