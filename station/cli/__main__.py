"""`python -m station.cli`."""

from station.cli.main import main

if __name__ == "__main__":
    main()
