"""Nothing to learn from a teacher's answer."""

not_applicable = "because which of its places finds a thing is a network's own choice, not part of the answer"
