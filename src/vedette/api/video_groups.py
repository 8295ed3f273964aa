"""Video groups."""

from fastapi import APIRouter

router = APIRouter(tags=["Video groups"])
