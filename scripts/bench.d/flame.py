"""Of what `perf script` prints: the largest costs, and a flame graph.

A frame's width is the share of samples that it, and what it called, were seen in; the longest way down is at
the top. The thread is the lowest frame.
"""
import functools
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

HEAD = re.compile(r"^(\S.*?)\s+\d+(?:/\d+)?\s+(?:\[\d+\]\s+)?[\d.]+:")
FRAME = re.compile(r"^\s+[0-9a-f]+ (.*) \((.*)\)$")
ROW, WIDTH, LEAST = 17, 1400, 0.6
LARGEST = 15


@dataclass(frozen=True)
class Sample:
    """`stack` from the thread's begin to where it was."""
    thread: str
    stack: tuple[str, ...]
    library: str


@functools.cache
def short(symbol: str) -> str:
    """Without offset, and without arguments of functions and templates, which hide the name."""
    symbol = re.sub(r"\+0x[0-9a-f]+$", "", symbol).replace("(anonymous namespace)", "anon")
    name, depth = "", 0
    for nth, letter in enumerate(symbol):
        if letter == "<" and not symbol[:nth].endswith("operator"):
            depth += 1
        elif letter == ">" and depth:
            depth -= 1
        elif letter == "(" and depth == 0 and not symbol[:nth].endswith("operator"):
            break
        elif depth == 0:
            name += letter
    return name or symbol


def read(lines: Iterable[str]) -> Iterator[Sample]:
    thread, library = "", ""
    frames: list[str] = []
    for line in [*lines, ""]:
        if head := HEAD.match(line):
            thread, frames, library = head[1], [], ""
        elif frame := FRAME.match(line):
            if not frames:
                library = Path(frame[2]).name
            frames.append(short(frame[1]))
        elif not line.strip() and thread:
            if frames:
                yield Sample(thread, tuple(reversed(frames)), library)
            thread = ""


@dataclass
class Node:
    count: int = 0
    below: dict[str, "Node"] = field(default_factory=dict)


def tree_of(samples: Iterable[Sample]) -> Node:
    root = Node()
    for sample in samples:
        root.count += 1
        node = root
        for name in (sample.thread, *sample.stack):
            node = node.below.setdefault(name, Node())
            node.count += 1
    return root


def depth_of(node: Node) -> int:
    return 1 + max((depth_of(each) for each in node.below.values()), default=0)


def colour(name: str) -> str:
    """Ours, the kernel's, and everybody else's; neighbours differ a little."""
    shade = sum(name.encode()) % 40
    if "bora::" in name:
        return f"rgb({215 + shade},{120 + shade},60)"
    return f"rgb({150 + shade},{165 + shade},{190 + shade})"


def draw(root: Node, title: str) -> str:
    depth = depth_of(root)
    height = depth * ROW + 50
    body: list[str] = []

    def place(node: Node, name: str, x: float, level: int) -> None:
        width = node.count / root.count * WIDTH
        if width < LEAST:
            return
        y = height - 12 - (level + 1) * ROW
        label = escape(name[:int(width / 6.2)]) if width > 22 else ""
        body.append(f'<g><title>{escape(name)}: {node.count / root.count:.1%}</title><rect x="{x:.1f}" y="{y}" '
                    f'width="{width:.1f}" height="{ROW - 1}" fill="{colour(name)}"/>'
                    f'<text x="{x + 3:.1f}" y="{y + 12}">{label}</text></g>')
        for below, child in sorted(node.below.items()):
            place(child, below, x, level + 1)
            x += child.count / root.count * WIDTH

    place(root, "all", 0, 0)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="monospace" font-size="10">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="8" y="20" font-size="15">{escape(title)}</text>', *body, "</svg>", ""])


def table(samples: list[Sample]) -> str:
    """Shares of all samples: where threads were, by function, library and thread."""
    lines: list[str] = []
    for title, counts in (("function, itself", Counter(sample.stack[-1] for sample in samples)),
                          ("function, with what it calls",
                           Counter(name for sample in samples for name in set(sample.stack))),
                          ("library", Counter(sample.library for sample in samples)),
                          ("thread", Counter(sample.thread for sample in samples))):
        lines += [f"| {title} | share |", "| --- | --- |"]
        lines += [f"| `{name}` | {count / len(samples):.1%} |" for name, count in counts.most_common(LARGEST)]
        lines.append("")
    return "\n".join(lines)


def main(title: str, without: str, out: Path) -> int:
    samples = [sample for sample in read(sys.stdin) if sample.thread != without]
    if not samples:
        print("profile: perf saw nothing", file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{title}.svg").write_text(draw(tree_of(samples), f"{title}: {len(samples):,} samples"), encoding="utf-8")
    text = f"`make profile BENCH={title}`, {len(samples):,} samples.\n\n{table(samples)}"
    (out / f"{title}.md").write_text(text, encoding="utf-8")
    print(text)
    print(f"profile: {out}/{title}.svg and .md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
