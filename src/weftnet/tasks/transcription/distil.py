"""Nothing to learn from a teacher."""

not_applicable = "because at which of a sound's steps a teacher tells a token is its own choice, not part of the answer"
