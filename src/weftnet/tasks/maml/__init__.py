"""Model-agnostic meta-learning: weights from which a few gradient steps on a few examples learn new classes."""
