"""From a teacher: not applicable."""

not_applicable = "because a teacher answers a row with a text, and the student learns from the one in the data"
