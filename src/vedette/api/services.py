"""Algorithm services: list, detail, deploy, stop."""

from fastapi import APIRouter

router = APIRouter(tags=["Algorithm services"])
