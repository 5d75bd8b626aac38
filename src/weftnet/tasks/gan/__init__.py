"""Generative adversarial network: a generator draws examples from noise, a critic tells how real they look."""
