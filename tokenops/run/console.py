"""What the supervisor tells the person at the terminal: short lines, one fact each."""

import sys
from collections.abc import Sequence
from datetime import datetime


class Console:
    """Writes lines to standard output; a closed terminal never stops the supervisor."""

    def say(self, text: str = "") -> None:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError:
            return

    def event(self, text: str) -> None:
        """Something that happened while everything runs, with its local time."""
        self.say(f"{datetime.now().astimezone():%H:%M:%S}  {text}")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Left-aligned columns, two spaces apart."""
        lines = [header, *rows]
        widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.say(("  " + "  ".join(cells)).rstrip())
