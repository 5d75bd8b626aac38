"""The checks of a registry, one file each: `REGISTRY(name) → [Check, …]`."""
