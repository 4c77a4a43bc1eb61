// uPlot as a component: made again when its look changes, given data when only that does.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface Line {
  label: string;
  /** The name of a variable of style.css, such as "--c1". */
  color: string;
  width?: number;
  dash?: number[];
  fill?: string;
}

export interface Mark { time: number; value?: number; text: string; color: string }

export interface ChartProps {
  title: string;
  /** What a person who does not see the lines is told. */
  summary: string;
  lines: Line[];
  data: uPlot.AlignedData;
  format: (value: number) => string;
  height?: number;
  range?: [number, number];
  /** The least that the value axis spans. */
  atLeast?: [number, number] | undefined;
  /** Pairs of lines with the space between them filled: a band from least to greatest. */
  band?: { upper: number; lower: number; color: string };
  marks?: Mark[];
  onZoom?: (from: number, to: number) => void;
}

const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";

const kFont = "12px system-ui, sans-serif";

/** Values with nothing beside them, which a line alone would not show. */
function lone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const found: number[] = [];
  for (let i = 0; i < values.length; i += 1)
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  return found;
}

function drawMarks(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  const beyond = 9 * devicePixelRatio;  // a mark at the edge is whole
  ctx.rect(bbox.left - beyond, bbox.top - beyond, bbox.width + 2 * beyond, bbox.height + beyond);
  ctx.clip();
  for (const mark of marks) {
    const x = plot.valToPos(mark.time, "x", true);
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    const y = mark.value === undefined ? bbox.top + 10 : plot.valToPos(mark.value, "y", true);
    const size = 7 * devicePixelRatio;
    ctx.strokeStyle = ctx.fillStyle = color(mark.color);
    ctx.globalAlpha = 0.45;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y + size * 0.8);
    ctx.lineTo(x - size, y + size * 0.8);
    ctx.closePath();
    ctx.fill();
  }
  ctx.restore();
}

function options(current: { current: ChartProps }, width: number): uPlot.Options {
  const props = current.current;
  const ink = color("--soft");
  const grid = { stroke: color("--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { ...grid, size: 5 }, font: kFont };
  return {
    width,
    height: props.height ?? 200,
    padding: [10, 34, 0, 0],
    legend: { live: true },
    cursor: { drag: { x: props.onZoom !== undefined, y: false, setScale: false }, points: { size: 7 } },
    scales: {
      x: props.range ? { range: (_plot, low, high) => current.current.range ?? [low, high] } : {},
      y: { range: (_plot, low, high) => span(props, low, high) },
    },
    axes: [
      // By the clock of 24 hours; with the day below where it changes.
      {
        ...axis,
        space: 70,
        values: [
          [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
          [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
        ],
      },
      { ...axis, size: 66, values: (_plot, ticks) => ticks.map(v => (v === null ? "" : props.format(v))) },
    ],
    series: [
      { label: "time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      ...props.lines.map(line => ({
        label: line.label,
        stroke: color(line.color),
        width: line.width ?? 1.75,
        ...(line.dash ? { dash: line.dash } : {}),
        ...(line.fill ? { fill: color(line.fill) } : {}),
        points: { show: true, size: 5, fill: color(line.color), filter: lone },
        value: (_plot: uPlot, v: number | null) => (v === null ? "–" : props.format(v)),
      })),
    ],
    ...(props.band
      ? { bands: [{ series: [props.band.upper, props.band.lower] as [number, number], fill: color(props.band.color) }] }
      : {}),
    hooks: {
      draw: [plot => drawMarks(plot, props.marks ?? [])],
      setSelect: [
        plot => {
          if (!current.current.onZoom || plot.select.width < 8) return;
          const from = plot.posToVal(plot.select.left, "x");
          const to = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          current.current.onZoom(from, to);
        },
      ],
    },
  };
}

function span(props: ChartProps, low: number | null, high: number | null): [number, number] {
  const [least, most] = props.atLeast ?? [];
  const from = Math.min(low ?? least ?? 0, least ?? low ?? 0);
  const to = Math.max(high ?? most ?? 1, most ?? high ?? 1);
  const room = (to - from || 1) * 0.06;
  return [from === 0 ? 0 : from - room, to + room];
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const current = useRef(props);
  current.current = props;
  const look = JSON.stringify([props.lines, props.height, props.atLeast, props.marks, props.band]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(current, element.clientWidth), current.current.data, element);
    };
    make();
    const size = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: current.current.height ?? 200 }));
    size.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", make);
    return () => {
      scheme.removeEventListener("change", make);
      size.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [look]);
  useEffect(() => plot.current?.setData(props.data), [props.data, props.range?.[0], props.range?.[1]]);

  return (
    <figure class="chart">
      <figcaption>{props.title}</figcaption>
      <div ref={place} role="img" aria-label={`${props.title}. ${props.summary}`} />
    </figure>
  );
}
