"""`python -m station.system DESCRIPTOR`: the page's process, started by the board's process (`page_child`)."""

import gc
import sys


def main() -> None:
    """Serve the page on the connection with this descriptor."""
    gc.disable()  # until the page serves: nothing loaded here is garbage, and collection takes a tenth of the start

    from station.system.page_process import run_page_as_child

    run_page_as_child(int(sys.argv[1]))


if __name__ == "__main__":
    main()
