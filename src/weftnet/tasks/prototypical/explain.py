"""Nothing to explain."""

not_applicable = "because it answers with a vector, of which no single value means anything by itself"
