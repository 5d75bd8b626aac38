"""The run folder: what a training leaves behind, its checks, and how it is opened again."""
