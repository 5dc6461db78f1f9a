"""``python -m tremor``: the commands of `tremor.cli`, without the installed script."""

from tremor.cli.main import main

if __name__ == "__main__":
    main()
