"""The version of weftnet, as `pyproject.toml` has it."""

VERSION = "0.1.0"
