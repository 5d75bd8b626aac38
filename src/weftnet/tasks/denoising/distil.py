"""Nothing to learn from a teacher."""

not_applicable = "because noise may be drawn anew at every step, and a teacher answers each recording once"
