"""Nothing to explain."""

not_applicable = "because it answers with a text, for all of its unknown words at once"
