"""`python -m weftnet`, so that `torchrun … -m weftnet fit …` starts workers."""

from weftnet.cli import main

if __name__ == "__main__":
    main()
