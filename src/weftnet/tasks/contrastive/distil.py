"""Nothing to learn from a teacher's answer."""

not_applicable = (
    "because the values of a vector mean nothing to another network: another one is as good if it is turned"
)
