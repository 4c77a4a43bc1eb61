// What the control plane answers; the contract is host/openapi.yaml, for the cold chain web/API.md.

export interface Latency {
  count: number;
  sum_ns: number;
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
  /** With ?buckets=true: the largest duration of each bucket that is not empty, and how many it holds. */
  buckets?: [number, number][];
}

export interface Task {
  component: string;
  task: number;
  kind: "spout" | "bolt";
  failed: number;
  busy_ns: number;
  emitted: Record<string, number>;
  gauges: Record<string, number>;
  // Spouts:
  opened?: number;
  acked?: number;
  in_flight?: number;
  complete?: Latency;
  // Bolts:
  executed?: number;
  queued_blocks?: number;
  queue?: Latency;
  execute?: Latency;
}

export interface Node { name: string; kind: "spout" | "bolt"; tasks: number }
export interface Edge { from: string; stream: string; to: string; grouping: string }
export interface ComponentError { component: string; task: number; at: string; times: number; text: string }
export interface Oldest {
  spout: string;
  task: number;
  partition: number;
  offset: number;
  age_ns: number;
  where: string;
  component: string;
}

export interface Lag {
  spout: string;
  task?: number;
  topic?: string;
  group?: string;
  partition?: number;
  records: number;
  seconds?: number;
  is_paused: boolean;
}

export interface Topology {
  name: string;
  nodes: Node[];
  edges: Edge[];
  tasks: Task[];
  errors: ComponentError[];
  oldest_in_flight: Oldest[];
  stuck: { component: string; for_ns: number }[];
  lag: Lag[];
  paused_spouts: string[];
  bytes_in_flight: number;
}

export interface Reason { kind: string; topology?: string; component?: string; text: string }
export interface Process {
  program: string;
  version: string;
  state: "starting" | "running" | "stopping";
  uptime_ms: number;
  now: string;
  readiness: { ready: boolean; reasons: Reason[] };
  taps: string[];
  topologies: Topology[];
}

export interface Access { read: boolean; change: boolean; reason: string }
export interface LogLine { "@timestamp": string; "log.level": string; message: string; [field: string]: unknown }
export interface TapSample {
  stream: string;
  at: string;
  /** Of a stream of records: where it was read. */
  topic?: string;
  partition?: number;
  offset?: number;
  key?: string;
  headers?: Record<string, string>;
  value: string;
  is_cut?: boolean;
  skipped?: number;
}
export interface DeadLetters { topic: string; letters: number; waiting: number }
export interface DeadLetter {
  partition: number;
  offset: number;
  at: string;
  key?: string;
  headers: Record<string, string>;
  value: string;
  is_cut?: boolean;
}

export interface Limits { min_temperature?: number; max_temperature?: number; min_battery?: number }
export type AlertKind = "too_hot" | "too_cold" | "low_battery" | "silent" | "back";

export interface Device {
  id: string;
  name?: string;
  group?: string;
  owner?: string;
  state: "active" | "inactive" | "unknown";
  last?: { time: number; temperature: number; battery: number };
  limits?: Limits;
  alert?: { kind: AlertKind; time: number };
}
export interface DevicesAnswer {
  now: number;
  cursor: string;
  all?: boolean;
  devices: Device[];
  deleted?: string[];
}

export interface Columns<Value = number> { min: Value[]; max: Value[]; avg: Value[] }
export interface Series {
  device: string;
  from: number;
  to: number;
  step: number;
  time: number[];
  temperature: Columns;
  battery: Columns<number | null>;
}

export interface Alert {
  id: string;
  device: string;
  kind: AlertKind;
  value: number;
  limit: number;
  time: number;
  info?: { name?: string; group?: string; owner?: string };
}
export interface AlertsAnswer { alerts: Alert[] }

export interface Gateway { id: string; name?: string; last?: number; readings?: number; devices?: number }
export interface GatewaysAnswer { now: number; gateways: Gateway[] }

/** A call that was answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(readonly status: number, text: string) {
    super(text);
  }
}

const kTimeoutMs = 5000;

async function said(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => "");
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string };
    return problem.detail ?? problem.title ?? text;
  } catch {
    return text.trim() || `status ${answer.status}`;
  }
}

/** Throws Refused for an answer other than 2xx, and what fetch throws when there is none in time. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(kTimeoutMs);
  const answer = await fetch(path, {
    signal: signal ? either(signal, limit) : limit,
    headers: { Accept: "application/json", ...authorization() },
  });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  return (await answer.json()) as T;
}

/** Changes something. A body is sent always: without one a browser sends no Content-Type. */
export async function change<T>(method: "POST" | "PUT", path: string, body: unknown = {}): Promise<T> {
  const answer = await fetch(path, {
    method,
    signal: AbortSignal.timeout(30_000),
    headers: { "Content-Type": "application/json", ...authorization() },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  return (await answer.json()) as T;
}

/**
 * Reads server-sent events of one type until `signal` aborts or the server ends them; then returns. By
 * fetch(), since EventSource sends no token.
 */
export async function events<T>(path: string, type: string, signal: AbortSignal, take: (data: T) => void): Promise<void> {
  const answer = await fetch(path, { signal, headers: { Accept: "text/event-stream", ...authorization() } });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = (rest + value).split(/\r?\n\r?\n/);
    rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      const lines = piece.split(/\r?\n/);
      const name = lines.find(line => line.startsWith("event:"))?.slice(6).trim() ?? "message";
      const data = lines.filter(line => line.startsWith("data:")).map(line => line.slice(5).replace(/^ /, "")).join("\n");
      if (name === type && data) take(JSON.parse(data) as T);
    }
  }
}

function either(a: AbortSignal, b: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [a, b]) {
    if (signal.aborted) both.abort();
    signal.addEventListener("abort", () => both.abort(), { once: true });
  }
  return both.signal;
}

// Lives as long as the tab: nothing else on the machine can read it, and a new tab asks again.
const kTokenKey = "bora-token";
export const token = {
  get: (): string => sessionStorage.getItem(kTokenKey) ?? "",
  set: (text: string): void => {
    if (text) sessionStorage.setItem(kTokenKey, text);
    else sessionStorage.removeItem(kTokenKey);
  },
};
const authorization = (): Record<string, string> =>
  token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
