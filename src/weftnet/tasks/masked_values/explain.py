"""Nothing to explain."""

not_applicable = "because it answers with an example as large as its input, of which no single value is the answer"
