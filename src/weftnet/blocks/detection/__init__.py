"""What finds things in images: at many places at once."""
