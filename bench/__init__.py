"""Figures as ratios in one run: `python -m bench [GROUP]`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))  # whose servers and clips are used here
