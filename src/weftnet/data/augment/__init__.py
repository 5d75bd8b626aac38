"""Augmentations of training images: one per file; all called as `(images, target, generator, classes=None)`."""
