"""How a step or an answer is executed on this machine: plans, the executor of a plan, measurements."""
