"""Detection: what things there are in a picture, each with the box around it."""
