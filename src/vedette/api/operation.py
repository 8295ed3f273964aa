"""For whoever runs the service: alive, ready, counted. No token is asked for.

Of a project no more is told than how its streams flow, under ids that say nothing.
"""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from vedette.api.answers import JSONResponse
from vedette.api.deps import PartsOf
from vedette.schemas.standing import Standing
from vedette.telemetry.metrics import CONTENT_TYPE

router = APIRouter(tags=["Operation"])


@router.get("/healthz", operation_id="ShowHealth", response_model=Standing)
async def healthz() -> JSONResponse:
    """Tell that the process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", operation_id="ShowReadiness", response_model=Standing)
async def readyz(parts: PartsOf) -> JSONResponse:
    """Tell whether the service can do its work; 503 while it cannot."""
    await parts.ready()
    return JSONResponse({"status": "ready"})


@router.get("/metrics", operation_id="ShowMetrics", response_class=PlainTextResponse)
async def metrics(parts: PartsOf) -> Response:
    """Return the counters in Prometheus' text format."""
    return Response(parts.metrics.render(), media_type=CONTENT_TYPE)
