"""How a step or an answer is executed on this machine: plans, and what they are made of."""
