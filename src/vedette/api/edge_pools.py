"""Edge pools."""

from fastapi import APIRouter

router = APIRouter(tags=["Edge pools"])
