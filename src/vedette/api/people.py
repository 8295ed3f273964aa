"""Users, projects, roles and keys, as an administrator manages them."""

from fastapi import APIRouter

router = APIRouter(tags=["Identity (administration)"])
