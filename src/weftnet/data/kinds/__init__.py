"""Kinds of column: one per file, with fit, encode, decode, state and from_state (see `_kind.py`)."""
