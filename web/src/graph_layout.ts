// Where the boxes and lines of a graph go. Depends on its shape only, not on what moves.

import dagre from "@dagrejs/dagre";

export const kBox = { width: 176, height: 92 };

export interface Point { x: number; y: number }
export interface Layout {
  width: number;
  height: number;
  boxes: Map<string, Point>;  // centres
  lines: { points: Point[]; label: Point }[];  // as the edges were given
}
export type Direction = "LR" | "TB";

export function layout(nodes: string[], edges: { from: string; to: string }[], direction: Direction): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 22, ranksep: direction === "LR" ? 22 : 24, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of nodes) graph.setNode(name, { ...kBox });
  edges.forEach((edge, i) => graph.setEdge(edge.from, edge.to, { width: 70, height: 34, labelpos: "c" }, String(i)));
  dagre.layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const boxes = new Map<string, Point>();
  for (const name of nodes) {
    const at = graph.node(name) as Point;
    boxes.set(name, { x: at.x, y: at.y });
  }
  const lines = edges.map((edge, i) => {
    const e = graph.edge(edge.from, edge.to, String(i)) as { points: Point[]; x: number; y: number };
    return { points: e.points, label: { x: e.x, y: e.y } };
  });
  return { width: size.width ?? 0, height: size.height ?? 0, boxes, lines };
}

/** A smooth line through the points: each inner one pulls, none is overshot. */
export function path(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let text = `M${first.x},${first.y}`;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    if (!next) text += `L${point.x},${point.y}`;
    else text += `Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`;
  });
  return text;
}
