"""`python -m bench [GROUP …]`: measures the groups named, or all of them."""

import importlib
import sys

from bench.frame import publish

GROUPS = ("decode", "footprint", "inputs", "api", "delivery", "schedule", "analysis", "accuracy", "chaos")
"""Each is a module `bench.<name>` with a function `rows`."""
MUST = ("chaos",)
"""Those of which nothing may fail: the command fails then."""


def main() -> int:
    wanted = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        print(f"no such group: {', '.join(unknown)} (there are: {', '.join(GROUPS)})", file=sys.stderr)
        return 2
    broken = 0
    for name in wanted:
        rows = importlib.import_module(f"bench.{name}").rows()
        publish(name, rows)
        broken += name in MUST and any(row.holds is False for row in rows)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
