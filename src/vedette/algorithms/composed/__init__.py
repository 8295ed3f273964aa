"""Services that are written down, not programmed: a model's classes, joined with rules in a TOML file."""
