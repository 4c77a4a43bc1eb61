// What the page knows of its process, renewed every second; says when the process is away, and when
// another run of it has come.

import { useEffect, useReducer } from "preact/hooks";
import { get, Refused, type Process } from "./api";
import { History } from "./history";
import { isRestarted, processView, type TopologyView } from "./model";

const kEveryMs = 1000;
const kLatenciesOver = 10;  // answers: latencies are of the last ten seconds

export class Live {
  connection: "connecting" | "there" | "away" | "locked" = "connecting";
  awaySince = 0;
  whyAway = "";
  process: Process | undefined;
  views: TopologyView[] = [];
  private past: Process[] = [];
  readonly history = new History();
  /** Counts the runs of the process that this page has seen: what depends on one is asked for again. */
  run = 0;
  private readonly listeners = new Set<() => void>();

  constructor() {
    void this.poll();
    // A hidden tab is throttled by the browser; who comes back wants to see now.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.hurry();
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks again now. */
  hurry: () => void = () => {};

  private async poll(): Promise<void> {
    for (;;) {
      await this.look();
      for (const listener of this.listeners) listener();
      await new Promise<void>(resolve => {
        this.hurry = resolve;
        setTimeout(resolve, kEveryMs);
      });
    }
  }

  private async look(): Promise<void> {
    const time = Date.now() / 1000;
    try {
      const now = await get<Process>("/api/v1/topology?buckets=true");
      if (!this.process || isRestarted(now, this.process)) {
        this.run += 1;
        this.past = [];
      }
      this.views = processView(now, this.past);
      this.past = [...this.past, now].slice(-kLatenciesOver);
      this.process = now;
      this.connection = "there";
      this.history.push(time, this.views);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        this.connection = "locked";
        return;
      }
      if (this.connection !== "away") {
        this.awaySince = Date.now();
        this.past = [];
        this.history.gap(time);
      }
      this.connection = "away";
      this.whyAway = error instanceof Error ? error.message : String(error);
    }
  }
}

export const live = new Live();

/** Renders the caller again with every answer. */
export function useLive(): Live {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => live.subscribe(() => again(undefined)), []);
  return live;
}
