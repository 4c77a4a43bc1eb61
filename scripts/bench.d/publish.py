"""Puts what benchmarks wrote into docs/benchmarks.md: python3 scripts/bench.d/publish.py NAME DIRECTORY...

Between the lines `<!-- NAME -->` and `<!-- /NAME -->` of the page it puts the report.md of each directory, and
their plots, which it copies to docs/pictures/bench/.
"""
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def block_of(text: str, name: str, content: str) -> str:
    """The page with the content of one block in place of what it held. Raises ValueError without the block."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    page, found = re.subn(re.escape(begin) + ".*?" + re.escape(end),
                          lambda _: f"{begin}\n{content.strip()}\n{end}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"the page has {found} blocks '{name}' instead of one")
    return page


def publish(name: str, directories: Sequence[Path], docs: Path) -> None:
    pictures = docs / "pictures" / "bench"
    pictures.mkdir(parents=True, exist_ok=True)
    parts: list[str] = []
    for directory in directories:
        parts.append((directory / "report.md").read_text(encoding="utf-8"))
        for plot in sorted(directory.glob("*.svg")):
            shutil.copy(plot, pictures / plot.name)
            parts.append(f"![{plot.stem}](pictures/bench/{plot.name})\n")
    page = docs / "benchmarks.md"
    page.write_text(block_of(page.read_text(encoding="utf-8"), name, "\n".join(parts)), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    publish(sys.argv[1], [Path(each) for each in sys.argv[2:]], DOCS)
