"""Figures as ratios in one run: `python -m bench [GROUP]`."""
