"""Where the command begins: `vedette` and `python -m vedette`.

Worker processes import this module once more (multiprocessing re-imports the main module), so it must stay light.
"""


def main() -> None:
    """Run the command line."""
    from vedette.cli import run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
