"""Contrastive learning: a vector for every example, near those of its other views and far from those of others."""
