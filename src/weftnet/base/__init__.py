"""Small things without a subject: files, units, intervals, types at run time.."""
