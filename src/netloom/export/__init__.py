"""Export: a run → a folder that answers raw inputs without torch, written only once its numbers are the run's."""
