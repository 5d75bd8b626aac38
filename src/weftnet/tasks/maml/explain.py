"""Nothing to explain."""

not_applicable = "because its outputs are of no class before a few steps on examples of classes"
