"""Language model: the next token, from all the tokens before it."""
