"""Templates of a project, an addition of ours."""

from fastapi import APIRouter

router = APIRouter(tags=["Templates (additions)"])
