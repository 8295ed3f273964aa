"""The older sibling's routes on tasks."""

from fastapi import APIRouter

router = APIRouter(tags=["Tasks (older dialect)"])
