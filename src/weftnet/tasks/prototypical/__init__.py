"""Prototypical networks: features in which the mean of a class's few examples stands for it."""
