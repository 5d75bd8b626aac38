"""The sections of a run's report: one file each, a function (Subject) → HTML, empty where it does not apply."""
