"""The Python library: what `import weftnet` offers, and the command line prints.

competing.py    a competition from its options to its winner, for the command line and for `weftnet.fit`
fitting.py      `weftnet.fit`: data and a network → a `Fit`
fit.py          `Fit`: all that can be asked of a competition or of a run
"""
