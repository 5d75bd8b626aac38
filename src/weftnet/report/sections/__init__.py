"""The sections of a run's report: one file each, a function (Story) → HTML, empty where it has nothing to say."""
