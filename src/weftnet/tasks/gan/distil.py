"""Nothing to learn from a teacher."""

not_applicable = "because it draws examples from noise, and there is no answer to an example that a teacher could give"
