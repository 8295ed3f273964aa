import json
import subprocess
import sys

import vedette.algorithms

HEAVY = ("cv2", "onnxruntime", "av")


def test_the_control_plane_gets_no_heavy_library_with_the_algorithms() -> None:
    """The idle service must stay small: a process that only reads manifests decodes nothing and infers nothing."""
    program = (
        "import json, sys\n"
        "import vedette.algorithms, vedette.algorithms.models, vedette.algorithms.state, vedette.results.message\n"
        "from vedette.algorithms.registry import Registry\n"
        "assert Registry.load().services()\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == []


def test_the_public_face_is_sorted_and_whole() -> None:
    face = vedette.algorithms.__all__
    assert face == sorted(face)
    assert all(hasattr(vedette.algorithms, name) for name in face)
