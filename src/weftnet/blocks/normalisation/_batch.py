"""What batch normalisations refuse; `where` is the block's name in messages."""

from weftnet.blocks._settings import positive


def check(where: str, momentum: float, eps: float, **size: int) -> None:
    """Reject a size below one, a momentum that is no share, and an eps that is not above zero."""
    positive(where, **size)
    if not 0 <= momentum <= 1:
        raise ValueError(f"{where}: momentum: expected a number from 0 to 1, got {momentum}")
    if eps <= 0:
        raise ValueError(f"{where}: eps: expected a positive number, got {eps}")
