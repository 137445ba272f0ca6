"""`python -m nndsl` is the command `nndsl`."""

from nndsl.cli.main import main

if __name__ == "__main__":
    main()
