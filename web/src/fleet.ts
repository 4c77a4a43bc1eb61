// All devices, kept up to date by what changed.

import { useEffect, useReducer } from "preact/hooks";
import { get, Refused, type Device, type DevicesAnswer } from "./api";
import { merged } from "./fleet_rules";
import { live } from "./live";

class Fleet {
  /** Undefined: not asked yet. */
  offered: boolean | undefined;
  devices = new Map<string, Device>();
  list: Device[] = [];
  now = Date.now();
  private cursor = "";
  private run = -1;
  private lastLook = 0;
  private looking = false;
  private readonly listeners = new Set<() => void>();

  constructor() {
    live.subscribe(() => void this.look());
  }
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async look(): Promise<void> {
    if (live.connection !== "there" || this.looking) return;
    if (live.run === this.run && (this.offered === false || Date.now() - this.lastLook < 2000)) return;
    this.looking = true;
    const run = live.run;
    try {
      const since = run === this.run ? this.cursor : "";
      const answer = await get<DevicesAnswer>(`/api/v1/devices${since ? `?since=${encodeURIComponent(since)}` : ""}`);
      if (answer.all || answer.devices.length || answer.deleted?.length) {
        this.devices = merged(this.devices, answer);
        this.list = [...this.devices.values()];
      }
      this.now = answer.now;
      this.cursor = answer.cursor;
      this.offered = true;
      this.run = run;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) {
        this.offered = false;
        this.run = run;
      }
    }
    this.lastLook = Date.now();
    this.looking = false;
    for (const listener of this.listeners) listener();
  }
}

export const fleet = new Fleet();

export function useFleet(): Fleet {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => fleet.subscribe(() => again(undefined)), []);
  return fleet;
}
