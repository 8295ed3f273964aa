"""A floor for memory: FastAPI and uvicorn with one route, and nothing of ours."""

import os

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


uvicorn.run(app, port=int(os.environ["PORT"]), log_level="error")
