"""Nothing to explain."""

not_applicable = "because it reads nothing but noise, and draws an example"
