"""The entry of the command ``tremor``, also as ``python -m tremor``; the rest is `tremor.cli`.

It is small, so that a signal finds it ready: loading the commands takes a moment.
"""

import sys

from tremor.cli import process

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the tool; the entry point of the distribution."""
    try:
        with process.signals_interrupt():
            from tremor.cli.main import main as run

            run()
    except KeyboardInterrupt:
        sys.stderr.write("tremor: interrupted; nothing was written\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
