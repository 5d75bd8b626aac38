"""Checks of settings that blocks of several families share; `where` is the block's name in messages."""


def positive(where: str, **settings: int) -> None:
    """Reject sizes below one."""
    for name, value in settings.items():
        if value < 1:
            raise ValueError(f"{where}: {name}: expected a positive integer, got {value}")


def pair(where: str, name: str, value: int | list[int]) -> tuple[int, int]:
    """A setting for height and width; one number sets both."""
    both = [value, value] if isinstance(value, int) else list(value)
    if len(both) != 2 or min(both) < 1:
        raise ValueError(f"{where}: {name}: expected a positive integer or two [height, width], got {value}")
    return both[0], both[1]


def triple(where: str, name: str, value: int | list[int]) -> tuple[int, int, int]:
    """A setting for time, height and width; one number sets all three."""
    three = [value] * 3 if isinstance(value, int) else list(value)
    if len(three) != 3 or min(three) < 1:
        raise ValueError(f"{where}: {name}: expected a positive integer or three [time, height, width], got {value}")
    return three[0], three[1], three[2]
