"""Nothing to learn from a teacher."""

not_applicable = "because a teacher reads the text as it is, with the words that the student is to tell"
