"""The OpenAPI document as a readable page."""

from fastapi import APIRouter

router = APIRouter(tags=["Operation"])
