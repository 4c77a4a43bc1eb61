// What two answers of the process say together: rates, load, and which component holds the rest up.
// Pure functions of the answers.

import type { Latency, Process, Task, Topology } from "./api";

/** One component at one moment, its tasks added up. Rates are undefined until there are two answers. */
export interface ComponentView {
  name: string;
  kind: "spout" | "bolt";
  tasks: Task[];
  done: number;
  failed: number;
  /** Tuples a second: executed, or acked for a spout. */
  rate?: number;
  failedRate?: number;
  /** Share of the last second that its busiest task worked, 0..1. */
  load?: number;
  queuedBlocks: number;
  inFlight: number;
  errors: number;
  /** Of the last seconds and the slowest task; where nothing came lately, undefined. */
  queue?: Latency;
  execute?: Latency;
  complete?: Latency;
  /** How long it has not come back from a call, ns. */
  stuckNs?: number;
}

export interface EdgeView { from: string; to: string; stream: string; grouping: string; rate?: number }

export interface TopologyView {
  name: string;
  components: ComponentView[];
  edges: EdgeView[];
  /** The component that holds the others up, and why; undefined when none does. */
  hot?: { component: string; why: string };
  source: Topology;
}

const done = (task: Task): number => (task.kind === "spout" ? task.acked : task.executed) ?? 0;
const sum = <T>(list: T[], of: (item: T) => number): number => list.reduce((total, item) => total + of(item), 0);

const kPercentiles = [["p50_ns", 0.5], ["p90_ns", 0.9], ["p99_ns", 0.99]] as const;

/** What was recorded after `before`, of all that `now` holds; `now` as it is where buckets are missing. */
export function recent(now: Latency, before: Latency | undefined): Latency {
  if (!now.buckets || !before?.buckets) return now;
  const was = new Map(before.buckets);
  const buckets = now.buckets.map(([upper, n]): [number, number] => [upper, n - (was.get(upper) ?? 0)]).filter(b => b[1] > 0);
  const found: Latency = { count: sum(buckets, b => b[1]), sum_ns: now.sum_ns - before.sum_ns, p50_ns: 0, p90_ns: 0, p99_ns: 0, buckets };
  for (const [name, share] of kPercentiles) {
    let left = Math.ceil(found.count * share);
    found[name] = buckets.find(([, n]) => (left -= n) <= 0)?.[0] ?? 0;
  }
  return found;
}

/** Of the tasks that recorded something lately, the one with the greatest p99: what people wait for. */
function worst(list: (Latency | undefined)[]): Latency | undefined {
  let found: Latency | undefined;
  for (const latency of list)
    if (latency && latency.count > 0 && (!found || latency.p99_ns > found.p99_ns)) found = latency;
  return found;
}

function perSecond(now: number, before: number | undefined, seconds: number): number | undefined {
  return before === undefined || seconds <= 0 ? undefined : Math.max(0, now - before) / seconds;
}

/** The answers that `now` is compared with: the one before for rates, an older one for latencies. */
interface Past { before?: Topology; earlier?: Topology; seconds: number }

function component(topology: Topology, { before, earlier, seconds }: Past, name: string): ComponentView {
  const tasks = topology.tasks.filter(t => t.component === name);
  const was = before?.tasks.filter(t => t.component === name);
  const loads = tasks.map(task => {
    const old = was?.find(o => o.task === task.task);
    return old && seconds > 0 ? Math.min(1, Math.max(0, task.busy_ns - old.busy_ns) / (seconds * 1e9)) : undefined;
  });
  const slowest = (of: "queue" | "execute" | "complete"): Latency | undefined =>
    worst(tasks.map(t => {
      const old = earlier?.tasks.find(o => o.component === name && o.task === t.task)?.[of];
      return t[of] && recent(t[of], old);
    }));
  const known = loads.filter((load): load is number => load !== undefined);
  return {
    name,
    kind: topology.nodes.find(n => n.name === name)?.kind ?? "bolt",
    tasks,
    done: sum(tasks, done),
    failed: sum(tasks, t => t.failed),
    rate: perSecond(sum(tasks, done), was && sum(was, done), seconds),
    failedRate: perSecond(sum(tasks, t => t.failed), was && sum(was, t => t.failed), seconds),
    load: known.length ? Math.max(...known) : undefined,
    queuedBlocks: sum(tasks, t => t.queued_blocks ?? 0),
    inFlight: sum(tasks, t => t.in_flight ?? 0),
    errors: sum(topology.errors.filter(e => e.component === name), e => e.times),
    queue: slowest("queue"),
    execute: slowest("execute"),
    complete: slowest("complete"),
    stuckNs: topology.stuck.find(s => s.component === name)?.for_ns,
  };
}

const kBusy = 0.8;         // a thread that works this share of a second has little left
const kOldNs = 10e9;       // a message in flight for longer waits for somebody

/**
 * Where to look first: what does not come back from a call; else what the oldest message waits for; else
 * the busiest component that has little time left. Upstream of it rings fill and wait, so full queues
 * alone would point at the wrong box.
 */
export function hotSpot(topology: Topology, components: ComponentView[]): TopologyView["hot"] {
  const stuck = [...topology.stuck].sort((a, b) => b.for_ns - a.for_ns)[0];
  if (stuck) return { component: stuck.component, why: "does not come back from a call" };
  const oldest = [...topology.oldest_in_flight].sort((a, b) => b.age_ns - a.age_ns)[0];
  if (oldest && oldest.component && oldest.age_ns > kOldNs)
    return { component: oldest.component, why: "holds the oldest message" };
  const busy = components.filter(c => (c.load ?? 0) >= kBusy);
  if (!busy.length) return undefined;
  // Components chained on one thread share its load: of these, the one whose calls take longest.
  const cost = (c: ComponentView): number => (c.load ?? 0) + (c.execute?.p50_ns ?? 0) * (c.rate ?? 0) * 1e-9;
  const hottest = busy.reduce((a, b) => (cost(b) > cost(a) ? b : a));
  return { component: hottest.name, why: "is busiest" };
}

export function topologyView(now: Topology, past: Past): TopologyView {
  const { before, seconds } = past;
  const components = now.nodes.map(node => component(now, past, node.name));
  const emitted = (from: Topology, edge: { from: string; stream: string }): number =>
    sum(from.tasks.filter(t => t.component === edge.from), t => t.emitted[edge.stream] ?? 0);
  const edges = now.edges.map(edge => ({
    ...edge,
    rate: perSecond(emitted(now, edge), before && emitted(before, edge), seconds),
  }));
  return { name: now.name, components, edges, hot: hotSpot(now, components), source: now };
}

/** Whether `now` is another run of the process than `before`. */
export const isRestarted = (now: Process, before: Process): boolean =>
  now.uptime_ms < before.uptime_ms || now.program !== before.program;

/** `past`: earlier answers of the same run, oldest first. */
export function processView(now: Process, past: Process[]): TopologyView[] {
  const before = past[past.length - 1];
  const seconds = before ? (now.uptime_ms - before.uptime_ms) / 1000 : 0;
  const of = (process: Process | undefined, name: string): Topology | undefined =>
    process?.topologies.find(t => t.name === name);
  return now.topologies.map(t =>
    topologyView(t, { before: of(before, t.name), earlier: of(past[0], t.name), seconds }));
}
