"""Denoising: the clean wave in a noisy one."""
