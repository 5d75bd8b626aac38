"""A generator's examples have no truth beside them; its samples are shown, and its metrics compare distributions."""

not_applicable = "because its answers are new examples, which have no truth beside them"
