"""Why meta-learnt weights give no answers."""

not_applicable = "because its weights are a start: fit NEW --start RUN --steps 20 learns classes, and that run answers"
