"""Classification: which of K classes an example belongs to. Two classes are the case K = 2."""
