"""Nothing to learn from a teacher."""

not_applicable = "because its answer is the recording itself, which is at hand, and its codes mean nothing to another"
