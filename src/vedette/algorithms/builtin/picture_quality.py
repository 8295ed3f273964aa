"""Video quality diagnosis: what is wrong with the picture of a camera, told when it begins and when it is over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from msgspec import Meta

from vedette.algorithms.base import Algorithm, AlgorithmConfig, EventKind, Manifest, Models, PlainState, ServiceName
from vedette.algorithms.keys import key
from vedette.algorithms.parameters import Number, Switch, Whole
from vedette.model.event import Drawing, Finding
from vedette.model.frame import Frame
from vedette.model.look import Fault
from vedette.model.message import EventData

FIRST: Final = 0x7F02_0000
"""Event type of the first fault; the others follow in the order of `Fault`."""
STEP_US: Final = 250_000
"""Media time between pictures that are judged; the judge counts on 2 to 5 a second."""

SWITCHES: Final = {
    Fault.BLURRY: "blur_detection_sw",
    Fault.COLOR_DISTORTION: "color_cast_detection_sw",
    Fault.ABNORMAL_LIGHT: "abnormal_light_detection_sw",
    Fault.SCREEN_SPLASH: "flicker_detection_sw",
    Fault.SCREEN_JITTER: "shake_detection_sw",
    Fault.SCREEN_MOVEMENT: "camera_move_detection_sw",
    Fault.SCENE_UPHEAVAL: "scene_change_detection_sw",
    Fault.SCREEN_FREEZE: "freeze_detection_sw",
    Fault.BLACK_SCREEN: "signal_loss_detection_sw",
    Fault.SNOW_NOISE: "noise_detection_sw",
    Fault.OCCLUDE: "occlusion_detection_sw",
    Fault.GRAY_SCREEN: "gray_screen_detection_sw",
    Fault.SCREEN_SMUDGE: "smudge_detection_sw",
}
"""The key that switches each fault."""
KINDS: Final = {
    Fault.BLURRY: "blurred picture",
    Fault.COLOR_DISTORTION: "colour cast",
    Fault.ABNORMAL_LIGHT: "too dark or too bright",
    Fault.SCREEN_SPLASH: "flicker",
    Fault.SCREEN_JITTER: "shaking camera",
    Fault.SCREEN_MOVEMENT: "moving camera",
    Fault.SCENE_UPHEAVAL: "camera turned away",
    Fault.SCREEN_FREEZE: "frozen picture",
    Fault.BLACK_SCREEN: "black picture",
    Fault.SNOW_NOISE: "noise",
    Fault.OCCLUDE: "covered lens",
    Fault.GRAY_SCREEN: "grey picture",
    Fault.SCREEN_SMUDGE: "smudged lens",
}
"""The name of the event of each fault."""


class PictureQualityConfig(AlgorithmConfig):
    """The task's `config.common`; the keys are ours, as none are published."""

    blur_detection_sw: Switch = key("Tell of blurred pictures", "模糊检测开关", True)
    color_cast_detection_sw: Switch = key("Tell of a colour cast", "偏色检测开关", True)
    abnormal_light_detection_sw: Switch = key("Tell of too dark or too bright pictures", "亮度异常检测开关", True)
    flicker_detection_sw: Switch = key("Tell of flicker", "闪烁检测开关", True)
    shake_detection_sw: Switch = key("Tell of a shaking camera", "抖动检测开关", True)
    camera_move_detection_sw: Switch = key("Tell of a moving camera", "画面移动检测开关", True)
    scene_change_detection_sw: Switch = key("Tell of a camera turned away", "场景剧变检测开关", True)
    freeze_detection_sw: Switch = key("Tell of a frozen picture", "画面冻结检测开关", True)
    signal_loss_detection_sw: Switch = key("Tell of a black picture", "信号丢失检测开关", True)
    noise_detection_sw: Switch = key("Tell of noise", "雪花噪声检测开关", True)
    occlusion_detection_sw: Switch = key("Tell of a covered lens", "遮挡检测开关", True)
    gray_screen_detection_sw: Switch = key("Tell of a grey picture", "灰屏检测开关", True)
    smudge_detection_sw: Switch = key("Tell of a smudged lens", "镜头污损检测开关", True)
    event_disappear_alert_sw: Switch = key("Tell when a fault is over", "事件消失告警开关", True)
    alert_time_threshold: Number = key(
        "How long a fault must last", "告警时间阈值", 0.0, unit="seconds", ge=0, le=86_400
    )
    alert_detection_interval: Number = key(
        "Time before the same fault is told of again", "告警间隔", 0.0, unit="seconds", ge=0, le=86_400
    )
    dark_threshold: Number = key(
        "Brightness that nine tenths of a too dark picture stay below", "过暗阈值", 56.0, ge=0, le=255
    )
    bright_threshold: Number = key("Mean brightness of a too bright picture", "过亮阈值", 213.0, ge=0, le=255)
    color_cast_threshold: Number = key("Strength of a colour cast", "偏色阈值", 28.0, ge=1, le=180)
    noise_threshold: Number = key("Strength of noise", "噪声阈值", 10.0, ge=1, le=128)
    blur_threshold: Number = key("Sharpness of edges in a blurred picture", "模糊阈值", 0.3, ge=0.01, le=1)
    occlusion_threshold: Number = key("Share of the picture that is covered", "遮挡面积阈值", 0.35, ge=0.05, le=1)
    freeze_time_threshold: Number = key(
        "Time without any change in a frozen picture", "冻结时间阈值", 30.0, unit="seconds", ge=1, le=86_400
    )
    image_compression_ratio: Whole = key("JPEG quality", "图片压缩率", 90, ge=20, le=100)


class PictureFault(EventData):
    """One fault."""

    type: Annotated[str, Meta(description="What is wrong, in the words of the quality of a video source.")]
    duration: Annotated[int, Meta(description="Whole seconds since it began to show.", ge=0)]


class PictureQualityData(EventData):
    """What is told in `data`."""

    event_set: Annotated[tuple[PictureFault, ...], Meta(min_length=1, max_length=1)]


@dataclass(slots=True)
class _Spell:
    """A fault as the picture shows it at present.

    Attributes:
        since_us: when it began to show, or -1.
        told: whether it was told of.
        told_us: when one of its kind was last told of.
    """

    since_us: int = -1
    told: bool = False
    told_us: int = -(10**18)


class PictureQuality(Algorithm[PictureQualityConfig]):
    """Tells of each fault when it begins, and when it is over."""

    manifest = Manifest(
        name="picture-quality",
        services=(ServiceName("c-video-quality-cloud", "cloud"), ServiceName("c-video-quality-edge", "edge")),
        versions=("1.0", "1.1", "3.0"),
        title_en="Video quality diagnosis",
        title_cn="视频质量诊断",
        config=PictureQualityConfig,
        roles=(),
        events=tuple(
            EventKind(FIRST + number, KINDS[fault], PictureQualityData, ends=True) for number, fault in enumerate(Fault)
        ),
        analysis_fps=4.0,
        description="What is wrong with a camera's picture. Its name, its keys and the types of its events are ours.",
        tags=("camera", "quality"),
    )

    def __init__(self, config: PictureQualityConfig, models: Models) -> None:  # noqa: ARG002  it needs no model
        self._config = config
        self._judge = _judge(config)
        self._asked = [fault for fault in Fault if getattr(config, SWITCHES[fault])]
        self._spells = {fault: _Spell() for fault in self._asked}
        self._due_us = 0

    def process(self, frame: Frame) -> Iterable[Finding]:
        """Judge the picture if it is time for one, and tell what has changed."""
        now = frame.position.time_us
        if now < self._due_us:
            return ()
        self._due_us = now + STEP_US
        self._judge.see(frame.bgr(), now)
        shown = self._judge.faults() or ()
        return [finding for fault in self._asked for finding in self._follow(fault, fault in shown, now)]

    def _follow(self, fault: Fault, shows: bool, now: int) -> Iterator[Finding]:
        spell, config = self._spells[fault], self._config
        if not shows:
            if spell.told and config.event_disappear_alert_sw:
                yield self._finding(fault, now - spell.since_us, over=True)
            spell.since_us, spell.told = -1, False
            return
        if spell.since_us < 0:
            spell.since_us = now
        lasts = now - spell.since_us >= config.alert_time_threshold * 1e6
        rested = now - spell.told_us >= config.alert_detection_interval * 1e6
        if lasts and rested and not spell.told:
            spell.told, spell.told_us = True, now
            yield self._finding(fault, now - spell.since_us, over=False)

    def _finding(self, fault: Fault, lasted_us: int, *, over: bool) -> Finding:
        told = PictureFault(type=fault.value, duration=lasted_us // 1_000_000)
        number = FIRST + list(Fault).index(fault)
        subject = f"{fault.value}:{'over' if over else 'begun'}"
        drawing = Drawing(quality=self._config.image_compression_ratio)
        return Finding(number, subject, PictureQualityData(event_set=(told,)), drawing, over=over)

    def state(self) -> PlainState:
        """Return all it remembers."""
        return {
            "judge": self._judge.state(),
            "spells": {
                fault.value: [spell.since_us, spell.told, spell.told_us] for fault, spell in self._spells.items()
            },
            "due": self._due_us,
        }

    def restore(self, state: PlainState) -> None:
        """Take up what `state` gave, of the faults that are asked for."""
        self._judge.restore(state["judge"])
        for fault, spell in self._spells.items():
            known = state["spells"].get(fault.value)
            if known is not None:
                spell.since_us, spell.told, spell.told_us = known
        self._due_us = state["due"]

    def succeed(self, former: Self) -> None:
        """Take up what the former one knows; of a fault no longer asked for nothing is told, not even its end."""
        self.restore(former.state())


def _judge(config: PictureQualityConfig) -> Any:
    """Return a judge with the limits of the task; it needs OpenCV, which a worker alone may load."""
    from vedette.algorithms.quality.judge import Judge  # noqa: PLC0415  see above
    from vedette.algorithms.quality.limits import Limits  # noqa: PLC0415

    return Judge(
        Limits(
            dark=config.dark_threshold,
            bright=config.bright_threshold,
            cast=config.color_cast_threshold,
            noise=config.noise_threshold,
            blur=config.blur_threshold,
            cover=config.occlusion_threshold,
            freeze_us=round(config.freeze_time_threshold * 1e6),
        )
    )
