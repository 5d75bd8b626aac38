"""Explanations by input: not applicable."""

not_applicable = (
    "because an answer has as many scores as tokens, each of which depends on those before it; the report draws what "
    "every token was read from"
)
