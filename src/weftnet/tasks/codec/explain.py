"""Nothing to explain."""

not_applicable = "because it answers with a wave, for all of its samples at once"
