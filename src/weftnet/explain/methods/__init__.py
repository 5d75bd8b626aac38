"""The methods: one per file, a function `NAME(question, …settings) → Found` over Captum."""

from pathlib import Path

from weftnet.registry import Registry

METHODS = Registry("method", __name__, Path(__file__).parent)
