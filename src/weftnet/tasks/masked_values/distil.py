"""Nothing to learn from a teacher."""

not_applicable = "because its answer is the example itself, which is at hand"
