"""Learning from a teacher: from the answers of trained runs beside the labels (distillation).

asked.py    what a recipe says of it
asking.py   the teachers answer every training row once, by their own preprocessing
lesson.py   what a step makes of that
"""
