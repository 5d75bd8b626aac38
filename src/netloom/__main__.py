"""`python -m netloom`, so that `torchrun … -m netloom fit …` starts workers."""

from netloom.cli import main

if __name__ == "__main__":
    main()
