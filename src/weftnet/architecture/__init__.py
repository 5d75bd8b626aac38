"""An architecture as data: the specification, signals, reading, faults and the edits that fix them."""
