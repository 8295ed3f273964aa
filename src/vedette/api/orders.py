"""Resource orders, terms of services and quotas of projects, additions of ours."""

from fastapi import APIRouter

router = APIRouter(tags=["Orders and quotas (additions)"])
