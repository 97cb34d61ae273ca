"""`python -m tradekit`: the same command line."""

from tradekit.cli.app import main

if __name__ == "__main__":
    main()
