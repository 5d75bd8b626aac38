"""How many steps are enough for a training to be worth something."""

#: Steps that are enough, at the least; an epoch is, too, of no more than so many.
ENOUGH, LONGEST = 100, 1000
