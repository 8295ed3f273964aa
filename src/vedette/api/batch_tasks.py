"""Batch tasks: one configuration, fanned out over groups and sources."""

from fastapi import APIRouter

router = APIRouter(tags=["Batch tasks"])
