// The last minutes of each component, in columns as the charts take them. Only what this page saw.

import type { ComponentView, TopologyView } from "./model";

export const kColumns = [
  "rate", "load", "queued", "queue_p50", "queue_p90", "queue_p99", "execute_p50", "execute_p90",
  "execute_p99", "complete_p50", "complete_p90", "complete_p99",
] as const;
export type Column = (typeof kColumns)[number];
type Value = number | null;

const kKept = 900;  // 15 minutes at one a second

export class Track {
  readonly time: number[] = [];  // seconds since 1970, as the charts count
  readonly columns = new Map<Column, Value[]>(kColumns.map(name => [name, []]));

  push(time: number, values: Partial<Record<Column, Value>>): void {
    this.time.push(time);
    if (this.time.length > kKept) this.time.shift();
    for (const [name, column] of this.columns) {
      column.push(values[name] ?? null);
      if (column.length > kKept) column.shift();
    }
  }
}

function valuesOf(c: ComponentView): Partial<Record<Column, Value>> {
  return {
    rate: c.rate ?? null,
    load: c.load === undefined ? null : c.load * 100,
    queued: c.kind === "spout" ? c.inFlight : c.queuedBlocks,
    queue_p50: c.queue?.p50_ns ?? null,
    queue_p90: c.queue?.p90_ns ?? null,
    queue_p99: c.queue?.p99_ns ?? null,
    execute_p50: c.execute?.p50_ns ?? null,
    execute_p90: c.execute?.p90_ns ?? null,
    execute_p99: c.execute?.p99_ns ?? null,
    complete_p50: c.complete?.p50_ns ?? null,
    complete_p90: c.complete?.p90_ns ?? null,
    complete_p99: c.complete?.p99_ns ?? null,
  };
}

export class History {
  private readonly tracks = new Map<string, Track>();

  track(topology: string, component: string): Track {
    const key = `${topology}/${component}`;
    let found = this.tracks.get(key);
    if (!found) this.tracks.set(key, (found = new Track()));
    return found;
  }
  push(time: number, views: TopologyView[]): void {
    for (const view of views)
      for (const c of view.components) this.track(view.name, c.name).push(time, valuesOf(c));
  }
  /** The process does not answer: lines break here instead of joining what lies on both sides. */
  gap(time: number): void {
    for (const track of this.tracks.values()) track.push(time, {});
  }
}
