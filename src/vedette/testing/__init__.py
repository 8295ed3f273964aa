"""A bench for authors of algorithms, and a camera scene that knows its own script."""

from vedette.testing.bench import Found, ScriptedDetector, ScriptedModels, Sees, blank, frame_of, run, seen, together
from vedette.testing.messages import check_finding
from vedette.testing.scene import write_scene
from vedette.testing.script import Entry, SceneScript, Sighting, Verdict

__all__ = [
    "Entry",
    "Found",
    "SceneScript",
    "ScriptedDetector",
    "ScriptedModels",
    "Sees",
    "Sighting",
    "Verdict",
    "blank",
    "check_finding",
    "frame_of",
    "run",
    "seen",
    "together",
    "write_scene",
]
