"""`python -m bench [GROUP …]`: measures the groups named, or all of them."""

import importlib
import sys

from bench.frame import publish

GROUPS = ("decode", "footprint", "inputs", "api")
"""Each is a module `bench.<name>` with a function `rows`."""


def main() -> int:
    wanted = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        print(f"no such group: {', '.join(unknown)} (there are: {', '.join(GROUPS)})", file=sys.stderr)
        return 2
    for name in wanted:
        publish(name, importlib.import_module(f"bench.{name}").rows())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
