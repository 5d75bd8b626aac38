"""What each command does, and how its result is printed."""
