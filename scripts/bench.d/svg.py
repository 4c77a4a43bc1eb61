"""Charts as SVG, without a library: bars with their spread, and lines over a logarithmic axis."""
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

COLOURS = ("#1f5fa8", "#d1662f", "#2c8a57", "#8a4fae", "#b8993a", "#c23b57", "#3f9aa8", "#6b6b6b",
           "#0f2f5a", "#7a3312", "#9ccf5c", "#e39ad6")
LEFT, RIGHT, TOP, LINE = 250, 90, 48, 26


@dataclass(frozen=True)
class Bar:
    """`least` and `most` are drawn as a whisker. Without a value, `note` says why."""
    label: str
    value: float | None
    least: float = 0.0
    most: float = 0.0
    note: str = ""
    group: str = ""


@dataclass
class Series:
    label: str
    points: list[tuple[float, float]] = field(default_factory=list)
    dashed: bool = False
    group: str = ""  # lines of one group have one colour; empty: a colour of its own
    refused: list[float] = field(default_factory=list)  # where it has no value: a cross at the top


def number(value: float) -> str:
    """Three digits that count, and a unit."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.3g}"


def shortened(note: str) -> str:
    """As much as there is room for."""
    return note if len(note) <= 84 else note[:80] + " ..."


def _page(width: int, height: int, title: str, body: Sequence[str]) -> str:
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="sans-serif" font-size="12" role="img">')
    return "\n".join([head, f"<title>{escape(title)}</title>",
                      f'<rect width="{width}" height="{height}" fill="white"/>',
                      f'<text x="12" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
                      *body, "</svg>", ""])


def bars(title: str, unit: str, rows: Sequence[Bar], width: int = 860) -> str:
    """One line for each bar, longest value to the full width; groups have a colour each."""
    groups = list(dict.fromkeys(row.group for row in rows))
    top = max([row.most or row.value or 0.0 for row in rows], default=0.0) or 1.0
    scale = (width - LEFT - RIGHT) / top
    body = [f'<text x="12" y="38" fill="#555">{escape(unit)}; the line is least to most</text>']
    for nth, row in enumerate(rows):
        y = TOP + nth * LINE
        colour = COLOURS[groups.index(row.group) % len(COLOURS)]
        body.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(row.label)}</text>')
        if row.value is None:
            body.append(f'<text x="{LEFT}" y="{y + 15}" fill="#a00">{escape(shortened(row.note))}</text>')
            continue
        length = row.value * scale
        body.append(f'<rect x="{LEFT}" y="{y + 2}" width="{length:.1f}" height="{LINE - 8}" '
                    f'fill="{colour}"/>')
        if row.most > row.least:
            x1, x2, middle = LEFT + row.least * scale, LEFT + row.most * scale, y + LINE / 2 - 2
            body.append(f'<path d="M{x1:.1f} {middle}H{x2:.1f}M{x1:.1f} {middle - 4}v8'
                        f'M{x2:.1f} {middle - 4}v8" stroke="black" fill="none"/>')
        end = LEFT + max(length, row.most * scale) + 6
        body.append(f'<text x="{end:.1f}" y="{y + 15}">{number(row.value)}</text>')
    return _page(width, TOP + len(rows) * LINE + 12, title, body)


def _ticks(least: float, most: float) -> list[float]:
    """Powers of ten, or of two where these are too few."""
    for base in (10, 2):
        low, high = math.floor(math.log(least, base) + 1e-9), math.ceil(math.log(most, base) - 1e-9)
        ticks = [float(base) ** power for power in range(low, high + 1)]
        if len(ticks) > 2:
            return ticks
    return ticks


def _axis(values: Sequence[float], begin: float, end: float) -> tuple[Callable[[float], float], list[float]]:
    ticks = _ticks(min(values), max(values))
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    span = (high - low) or 1.0
    return (lambda value: begin + (math.log(value) - low) / span * (end - begin)), ticks


def lines(title: str, x_label: str, y_label: str, series: Sequence[Series], width: int = 860,
          height: int = 420) -> str:
    """Both axes logarithmic; what is not above zero is left out."""
    drawn = [(line, [(x, y) for x, y in line.points if x > 0 and y > 0]) for line in series]
    points = [point for _, some in drawn for point in some]
    crosses = [x for line in series for x in line.refused if x > 0]
    if not points:
        return _page(width, 80, title, ['<text x="12" y="50" fill="#a00">nothing to draw</text>'])
    at_x, x_ticks = _axis([x for x, _ in points] + crosses, 70, width - 250)
    at_y, y_ticks = _axis([y for _, y in points], height - 50, 56)
    body = [f'<text x="12" y="40" fill="#555">{escape(y_label)}, over {escape(x_label)}</text>']
    for tick in x_ticks:
        body.append(f'<path d="M{at_x(tick):.1f} 56V{height - 50}" stroke="#ddd"/><text '
                    f'x="{at_x(tick):.1f}" y="{height - 32}" text-anchor="middle">{number(tick)}</text>')
    for tick in y_ticks:
        body.append(f'<path d="M70 {at_y(tick):.1f}H{width - 250}" stroke="#ddd"/><text x="62" '
                    f'y="{at_y(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    groups = list(dict.fromkeys(line.group or line.label for line in series))
    for nth, (line, some) in enumerate(drawn):
        colour = COLOURS[groups.index(line.group or line.label) % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        if some:
            path = "L".join(f"{at_x(x):.1f} {at_y(y):.1f}" for x, y in sorted(some))
            body.append(f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"{dash}/>')
        body += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{colour}"/>'
                 for x, y in some]
        body += [f'<path d="M{at_x(x) - 4:.1f} 52l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="2"/>'
                 for x in line.refused if x > 0]
        y = 66 + nth * 18
        body.append(f'<path d="M{width - 238} {y}h22" stroke="{colour}" stroke-width="2"{dash}/>'
                    f'<text x="{width - 210}" y="{y + 4}">{escape(line.label)}</text>')
    return _page(width, height, title, body)
