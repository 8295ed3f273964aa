"""What a worker process is given when it starts."""

from dataclasses import dataclass
from pathlib import Path

from vedette.model.guard import GuardPolicy
from vedette.model.ids import WorkerId

SYNC_WAIT_S = 1.0
"""How long the control plane may hold back the answer to a sync; with it a worker is heard once a second."""


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """Everything a worker needs to know; all else it is told by the protocol.

    Attributes:
        url: base address of the control plane.
        key: proves that it is one of ours; never logged.
        node: the machine it runs on.
        capacity: how many streams it takes.
        services_dir: folder of the operator's own services.
        providers: ONNX Runtime execution providers, best first.
        engine: what runs models: `onnxruntime`, `openvino`, or `auto` for the faster one.
        precision: how float models are computed: `fp32` or `bf16`.
        analysis_fps: pictures a second analysed of a stream; None for what its algorithms ask for.
    """

    worker_id: WorkerId
    url: str
    key: str
    node: str
    capacity: int
    models_dir: Path
    file_roots: tuple[Path, ...]
    guard: GuardPolicy
    providers: tuple[str, ...]
    services_dir: Path | None = None
    engine: str = "auto"
    precision: str = "fp32"
    analysis_fps: float | None = None
    log_level: str = "info"
    log_format: str = "auto"

    def __repr__(self) -> str:
        return f"WorkerSpec({self.worker_id})"
