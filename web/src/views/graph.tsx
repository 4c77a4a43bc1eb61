// One topology as a picture that moves: boxes with load and queue, lines with rates, the hot spot coloured.

import { useMemo, useState } from "preact/hooks";
import type { ComponentError } from "../api";
import { count, nanoseconds, percent, plural, rate } from "../format";
import { kBox, layout, path, type Direction } from "../graph_layout";
import type { ComponentView, EdgeView, TopologyView } from "../model";
import { Dialog } from "../parts/basics";
import { ErrorList } from "./errors";
import { link } from "../route";

const kLeastScale = 0.74;  // smaller could not be read: the picture scrolls instead

/** Thickness by order of magnitude: a line of 1,000/s is not a hundred times one of 10/s. */
const thickness = (perSecond: number | undefined): number =>
  1.25 + Math.min(5, Math.log10(1 + (perSecond ?? 0)) * 1.1);

function waiting(c: ComponentView): string {
  if (c.kind === "spout") return `${count(c.inFlight)} in flight`;
  return c.queuedBlocks ? `queue ${count(c.queuedBlocks)}` : "queue empty";
}

function latency(c: ComponentView): string {
  const of = c.complete ?? c.execute;
  return of ? `p99 ${nanoseconds(of.p99_ns)}` : "";
}

/** The box in words: what a screen reader says of it. */
function inWords(c: ComponentView, why: string | undefined): string {
  const parts = [
    `${c.name}, ${c.kind}, ${plural(c.tasks.length, "task")}`,
    rate(c.rate), `load ${percent(c.load)}`, waiting(c), latency(c),
    c.stuckNs ? `has not come back for ${nanoseconds(c.stuckNs)}` : "",
    c.errors ? plural(c.errors, "error") : "",
    why ? `hot spot: ${why}` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function Box({ topology, view, x, y, onErrors }: {
  topology: TopologyView;
  view: ComponentView;
  x: number;
  y: number;
  onErrors: (component: string) => void;
}) {
  const why = topology.hot?.component === view.name ? topology.hot.why : undefined;
  const shown = `! ${view.errors > 99 ? "99+" : view.errors}`;
  const pill = shown.length * 8 + 14;
  const load = view.load ?? 0;
  const level = view.stuckNs ? "stuck" : load >= 0.8 ? "high" : load >= 0.5 ? "middle" : "low";
  const inner = kBox.width - 24;
  return (
    <g transform={`translate(${x - kBox.width / 2},${y - kBox.height / 2})`}>
      <a href={link("component", topology.name, view.name)} aria-label={inWords(view, why)}
         class={`node ${view.kind} ${level} ${why ? "hot" : ""}`} data-component={view.name}>
        <g aria-hidden="true">
          <rect class="box" width={kBox.width} height={kBox.height} rx={view.kind === "spout" ? 20 : 7} />
          <text class="name" x="12" y="22">{view.name.length > 19 ? `${view.name.slice(0, 18)}…` : view.name}</text>
          {view.tasks.length > 1 && <text class="tasks" x={kBox.width - 12} y="22">×{view.tasks.length}</text>}
          <text class="big" x="12" y="43">{rate(view.rate)}</text>
          <text class="small end" x={kBox.width - 12} y="43">{latency(view)}</text>
          <rect class="track" x="12" y="52" width={inner} height="8" rx="4" />
          <rect class="load" x="12" y="52" width={Math.max(load > 0 ? 3 : 0, inner * load)} height="8" rx="4" />
          <text class="small" x="12" y="78">{view.load === undefined ? "" : `load ${percent(view.load)}`}</text>
          <text class={`small end ${view.queuedBlocks ? "strong" : ""}`} x={kBox.width - 12} y="78">{waiting(view)}</text>
          {why && <text class="why" x={kBox.width / 2} y={kBox.height + 13}>▲ {view.stuckNs ? `stuck for ${nanoseconds(view.stuckNs)}` : why}</text>}
        </g>
      </a>
      {view.errors > 0 && (
        <g class="errors" role="button" tabindex={0} aria-label={`${plural(view.errors, "error")} of ${view.name}`}
           transform={`translate(${kBox.width - 16},-1)`}
           onClick={() => onErrors(view.name)}
           onKeyDown={event => {
             if (event.key !== "Enter" && event.key !== " ") return;
             event.preventDefault();
             onErrors(view.name);
           }}>
          <rect x={18 - pill} y="-11" width={pill} height="22" rx="11" />
          <text x={18 - pill / 2} y="5" aria-hidden="true">{shown}</text>
        </g>
      )}
    </g>
  );
}

function Line({ edge, d, x, y }: { edge: EdgeView; d: string; x: number; y: number }) {
  const label = edge.stream === "default" ? edge.grouping : `${edge.stream} · ${edge.grouping}`;
  return (
    <g class={`line ${edge.rate ? "flows" : ""}`}>
      <path d={d} style={{ strokeWidth: thickness(edge.rate) }} marker-end="url(#arrow)" />
      <text class="edge-rate" x={x} y={y - 7}>{rate(edge.rate)}</text>
      <text class="edge-name" x={x} y={y + 15}>
        <title>{label}</title>
        {label.length > 14 ? `${label.slice(0, 13)}…` : label}
      </text>
    </g>
  );
}

export function Graph({ view, direction }: { view: TopologyView; direction: Direction }) {
  const [shown, setShown] = useState<string>();
  const shape = JSON.stringify([view.components.map(c => c.name), view.edges.map(e => [e.from, e.to])]);
  const placed = useMemo(() => layout(view.components.map(c => c.name), view.edges, direction), [shape, direction]);
  const errors: ComponentError[] = shown ? view.source.errors.filter(e => e.component === shown) : [];
  const height = placed.height + 18;  // room for the word under the lowest box
  return (
    <div class="graph" tabIndex={-1}>
      <svg viewBox={`0 0 ${placed.width} ${height}`} role="group"
           style={{ width: "100%", maxWidth: `${placed.width}px`, minWidth: `${placed.width * kLeastScale}px` }} aria-label={`graph of ${view.name}`}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"
                  markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0,0L8,4L0,8z" class="arrow" />
          </marker>
        </defs>
        <g aria-hidden="true">
          {view.edges.map((edge, i) => {
            const line = placed.lines[i];
            return line && <Line key={i} edge={edge} d={path(line.points)} x={line.label.x} y={line.label.y} />;
          })}
        </g>
        {view.components.map(c => {
          const at = placed.boxes.get(c.name);
          return at && <Box key={c.name} topology={view} view={c} x={at.x} y={at.y} onErrors={setShown} />;
        })}
      </svg>
      {shown && (
        <Dialog title={`Errors of ${shown}`} onClose={() => setShown(undefined)}>
          <ErrorList errors={errors} />
          <p><a href={link("component", view.name, shown)}>All about {shown}</a></p>
        </Dialog>
      )}
    </div>
  );
}
