"""What a trained run passes on: new classes by their examples."""
