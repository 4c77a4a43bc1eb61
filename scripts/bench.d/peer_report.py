"""Results as JSON, as tables that documents include as they are, and as plots."""
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import svg
from peer_cases import Case
from peer_figures import Figure
from peer_rounds import Results
from peer_runs import whole_seconds
from stats import Spread


def write(results: Results, machine: dict[str, str], how: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(as_json(results, machine, how), indent=1) + "\n",
                                      encoding="utf-8")
    (out / "report.md").write_text(as_markdown(results, machine, how), encoding="utf-8")
    for old in out.glob("*.svg"):
        old.unlink()
    for name, text in plots(results).items():
        (out / name).write_text(text, encoding="utf-8")


def as_json(results: Results, machine: dict[str, str], how: str) -> dict[str, object]:
    figures = [{"case": case.name, "rate": rate, "system": case.system, **figure.to_json()}
               for (case, rate), figure in results.figures.items()]
    return {"command": how, "machine": machine, "versions": results.versions, "figures": figures,
            "absent": results.absent, "cut": results.cut,
            "settings": {case.name: settings for case, settings in results.settings.items()}}


def graphs_of(results: Results) -> list[str]:
    return list(dict.fromkeys(case.graph for case, _ in results.figures))


def closed_of(results: Results, graph: str) -> list[tuple[Case, Figure]]:
    """Ordered by throughput, the refused ones last."""
    rows = [(case, figure) for (case, rate), figure in results.figures.items()
            if rate == 0 and case.graph == graph]
    return sorted(rows, key=lambda row: -(row[1].throughput.median if row[1].throughput else 0.0))


def open_of(results: Results, graph: str) -> list[tuple[Case, int, Figure]]:
    """Rates that several were asked for first, by rate; then each one's own."""
    rows = [(case, rate, figure) for (case, rate), figure in results.figures.items()
            if rate and case.graph == graph]
    asked = Counter(rate for _, rate, _ in rows)
    return sorted(rows, key=lambda row: (0, f"{row[1]:12}", row[0].label, 0) if asked[row[1]] > 1
                  else (1, row[0].label, "", row[1]))


def spread_text(spread: Spread | None, scale: float = 1.0, digits: int = 2) -> str:
    if spread is None:
        return ""
    text = f"{spread.median * scale:,.{digits}f}"
    if spread.most > spread.least:
        text += f" [{spread.least * scale:,.{digits}f}..{spread.most * scale:,.{digits}f}]"
    return text


def as_markdown(results: Results, machine: dict[str, str], how: str) -> str:
    parts = [f"`{how}`\n", ", ".join(f"{name} {value}" for name, value in machine.items()) + ".\n"]
    parts.append("Versions: " + ", ".join(f"{system} {version}"
                                          for system, version in sorted(results.versions.items())) + ".\n")
    for graph in graphs_of(results):
        if closed_of(results, graph):
            parts += [f"### {graph}: closed loop\n", closed_table(closed_of(results, graph))]
        if open_of(results, graph):
            parts += [f"### {graph}: latency at fixed rates, in us\n", open_table(results, graph)]
    warm = warm_up_table(results)
    if warm:
        parts += ["### Tuples in each second, warm-up included\n", warm]
    left_out = [f"- {case.name}{f' at {rate:,}/s' if rate else ''}: {reason}"
                for (case, rate), figure in results.figures.items() for reason in figure.left_out]
    if left_out:
        parts += ["### Runs that were left out\n", "\n".join(left_out) + "\n"]
    if results.cut:
        parts += ["### Cut short\n", "\n".join(f"- {what}" for what in results.cut) + "\n"]
    if results.absent:
        parts += ["### Not here\n", "\n".join(f"- {name}: {why}" for name, why in results.absent.items()) + "\n"]
    return "\n".join(parts)


def closed_table(rows: Sequence[tuple[Case, Figure]]) -> str:
    ours = next((figure.throughput.median for case, figure in rows if figure.throughput
                 and (case.system, case.variant, case.guarantee) == ("bora", "default", "at-least-once")), 0.0)
    lines = ["| contestant | M tuples/s | Bora acked, of it | CPU us a tuple | MiB | runs | others |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for case, figure in rows:
        if figure.throughput is None:
            lines.append(f"| {case.label} | **{figure.refused}** | | | | {figure.runs_text} | {figure.noise} |")
            continue
        ratio = f"{ours / figure.throughput.median:.2f}" if ours else ""  # ours may have been refused
        lines.append(f"| {case.label} | {spread_text(figure.throughput, 1e-6, 3)} | "
                     f"{ratio} | {spread_text(figure.cpu_us, 1, 3)} | "
                     f"{spread_text(figure.rss_mib, 1, 0)} | {figure.runs_text} | {figure.noise} |")
    return "\n".join(lines) + "\n"


def share_of_own(results: Results, case: Case, rate: int) -> str:
    """Of what the contestant took in its closed loop, where that is known."""
    closed = results.figures.get((case, 0))
    if closed is None or closed.throughput is None:
        return ""
    share = rate / closed.throughput.median
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def open_table(results: Results, graph: str) -> str:
    lines = ["| contestant | tuples/s | of its own closed loop | p50 | p90 | p99 | p99.9 | source late, p99 | CPU us a tuple | runs | others |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for case, rate, figure in open_of(results, graph):
        begin = f"| {case.label} | {rate:,} | {share_of_own(results, case, rate)} |"
        if figure.refused:
            lines.append(f"{begin} **{figure.refused}** | | | | | | {figure.runs_text} | {figure.noise} |")
            continue
        cells = [spread_text(figure.latency_us.get(name), 1, 0) for name in ("p50", "p90", "p99", "p999")]
        lines.append(f"{begin} {' | '.join(cells)} | "
                     f"{spread_text(figure.source_late_us, 1, 0)} | {spread_text(figure.cpu_us, 1, 3)} | "
                     f"{figure.runs_text} | {figure.noise} |")
    return "\n".join(lines) + "\n"


def warm_up_table(results: Results) -> str:
    rows = [(case, figure) for (case, rate), figure in results.figures.items()
            if rate == 0 and case.is_java and figure.per_second]
    if not rows:
        return ""
    return "\n".join(["| contestant | k tuples in second 1, 2, ...; from the bar on measured |", "| --- | --- |"] +
                     [f"| {case.name} | {seconds_text(figure)} |" for case, figure in rows]) + "\n"


def seconds_text(figure: Figure) -> str:
    counts = [f"{count / 1000:,.0f}" for count in figure.per_second]
    warm = whole_seconds(figure.warmup_seconds)
    return " ¦ ".join(", ".join(part) for part in (counts[:warm], counts[warm:]) if part)


def plots(results: Results) -> dict[str, str]:
    pages: dict[str, str] = {}
    for graph in graphs_of(results):
        closed = closed_of(results, graph)
        if closed:
            pages[f"throughput-{graph}.svg"] = svg.bars(
                f"{graph}: throughput", "tuples a second, closed loop",
                [bar(case, figure, figure.throughput) for case, figure in closed])
            pages[f"cpu-{graph}.svg"] = svg.bars(
                f"{graph}: CPU", "microseconds of CPU a tuple, closed loop",
                [bar(case, figure, figure.cpu_us) for case, figure in closed])
        rows = open_of(results, graph)
        if rows:
            pages[f"latency-{graph}.svg"] = svg.lines(
                f"{graph}: latency, p50 and p99 (dashed)", "tuples a second; cross: saturated, or refused",
                "microseconds from when due",
                latency_series(rows))
    return pages


def bar(case: Case, figure: Figure, spread: Spread | None) -> svg.Bar:
    if spread is None:
        return svg.Bar(case.label, None, note=figure.refused, group=case.system)
    return svg.Bar(case.label, spread.median, spread.least, spread.most, group=case.system)


def latency_series(rows: Sequence[tuple[Case, int, Figure]]) -> list[svg.Series]:
    """A line for each contestant and percentile; one that was always refused has crosses alone."""
    series: dict[tuple[str, str], svg.Series] = {}
    for case, rate, figure in rows:
        for name in ("p50", "p99"):
            line = series.setdefault((case.label, name), svg.Series(
                f"{case.label} {name}", dashed=name == "p99", group=case.label))
            if name in figure.latency_us:
                line.points.append((float(rate), figure.latency_us[name].median))
            elif name == "p50":
                line.refused.append(float(rate))
    return [line for _, line in sorted(series.items()) if line.points or line.refused]
