// @ts-nocheck: Node's types are not among the tools; esbuild bundles this as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, merged } from "../../src/fleet_rules";
import { age, nanoseconds, position, rate, span } from "../../src/format";
import { layout } from "../../src/graph_layout";
import { hotSpot, isRestarted, processView, recent } from "../../src/model";
import { inSight } from "../../src/parts/in_sight";

const latency = (...buckets) => ({
  count: buckets.reduce((n, b) => n + b[1], 0), sum_ns: buckets.reduce((n, b) => n + b[0] * b[1], 0),
  p50_ns: 1, p90_ns: 1, p99_ns: 1, buckets,
});
const bolt = (component, task, executed, busy_ns, more = {}) => ({
  component, task, kind: "bolt", failed: 0, busy_ns, emitted: { default: executed }, gauges: {}, executed,
  queued_blocks: 0, queue: latency(), execute: latency([100, executed]), ...more,
});
const topology = (tasks, more = {}) => ({
  name: "t", nodes: [...new Set(tasks.map(t => t.component))].map(name => ({ name, kind: "bolt", tasks: 1 })),
  edges: [], tasks, errors: [], oldest_in_flight: [], stuck: [], lag: [], paused_spouts: [], bytes_in_flight: 0, ...more,
});
const process = (uptime_ms, topologies) => ({ program: "p", uptime_ms, topologies });

test("rates are differences over the time that the process says has passed", () => {
  const before = process(1000, [topology([bolt("a", 0, 100, 0)])]);
  const now = process(3000, [topology([bolt("a", 0, 700, 1e9)])]);
  const [view] = processView(now, [before]);
  assert.equal(view.components[0].rate, 300);
  assert.equal(view.components[0].load, 0.5);
});

test("without an earlier answer rates and load are not known, rather than zero", () => {
  const [view] = processView(process(1000, [topology([bolt("a", 0, 100, 0)])]), []);
  assert.equal(view.components[0].rate, undefined);
  assert.equal(view.components[0].load, undefined);
});

test("the load of a component is that of its busiest task", () => {
  const before = process(0, [topology([bolt("a", 0, 0, 0), bolt("a", 1, 0, 0)])]);
  const now = process(1000, [topology([bolt("a", 0, 0, 0.9e9), bolt("a", 1, 0, 0.1e9)])]);
  assert.equal(processView(now, [before])[0].components[0].load, 0.9);
});

test("an edge's rate is that of its own stream", () => {
  const edges = [{ from: "a", to: "b", stream: "alerts", grouping: "shuffle" }];
  const at = n => topology([bolt("a", 0, 1000, 0, { emitted: { default: n * 9, alerts: n } }), bolt("b", 0, 0, 0)], { edges });
  assert.equal(processView(process(1000, [at(5)]), [process(0, [at(0)])])[0].edges[0].rate, 5);
});

test("percentiles are of what came after the earlier answer", () => {
  const found = recent(latency([100, 1000], [900, 10], [5000, 1]), latency([100, 1000]));
  assert.equal(found.count, 11);
  assert.equal(found.p50_ns, 900);
  assert.equal(found.p90_ns, 900);
  assert.equal(found.p99_ns, 5000);
});

test("what is stuck is the hot spot, whatever else is busy", () => {
  const t = topology([bolt("a", 0, 0, 0), bolt("b", 0, 0, 0)], { stuck: [{ component: "b", for_ns: 2e9 }] });
  assert.equal(hotSpot(t, [{ name: "a", load: 1 }, { name: "b", load: 0 }]).component, "b");
});

test("the holder of a message older than ten seconds is the hot spot, of a younger one not", () => {
  const at = age_ns => topology([bolt("a", 0, 0, 0)], { oldest_in_flight: [{ component: "a", age_ns }] });
  assert.equal(hotSpot(at(11e9), [{ name: "a", load: 0.1 }]).component, "a");
  assert.equal(hotSpot(at(9e9), [{ name: "a", load: 0.1 }]), undefined);
});

test("of components that share a busy thread, the one whose calls take longest is hot", () => {
  const shared = { load: 0.95, rate: 1000 };
  const found = hotSpot(topology([]), [
    { name: "a", ...shared, execute: { p50_ns: 1000 } }, { name: "b", ...shared, execute: { p50_ns: 900_000 } }]);
  assert.equal(found.component, "b");
});

test("a smaller uptime is another run", () => {
  assert.ok(isRestarted(process(10, []), process(5000, [])));
  assert.ok(!isRestarted(process(6000, []), process(5000, [])));
});

test("a device's condition is the worst that holds", () => {
  const device = (temperature, more = {}) => ({
    id: "1", state: "active", last: { time: 1000, temperature, battery: 10 },
    limits: { min_temperature: 2, max_temperature: 8, min_battery: 20 }, ...more });
  assert.equal(condition(device(9), 2000), "too_hot");
  assert.equal(condition(device(1), 2000), "too_cold");
  assert.equal(condition(device(5), 2000), "low_battery");
  assert.equal(condition(device(8, { limits: { max_temperature: 8 } }), 2000), "well");
  assert.equal(condition(device(9), 3_600_000 + 1001), "silent");
  assert.equal(condition(device(9, { state: "inactive" }), 2000), "inactive");
  assert.equal(condition({ id: "1", state: "active" }, 2000), "never");
});

test("an answer changes what it names, and all of it replaces", () => {
  const known = new Map([["1", { id: "1" }], ["2", { id: "2" }]]);
  const changed = merged(known, { devices: [{ id: "2", name: "x" }], deleted: ["1"] });
  assert.deepEqual([...changed.values()], [{ id: "2", name: "x" }]);
  assert.equal(known.size, 2);
  assert.deepEqual([...merged(known, { all: true, devices: [{ id: "3" }] }).keys()], ["3"]);
});

test("of ten thousand rows only those in sight are drawn", () => {
  assert.deepEqual(inSight(5200, 520, 52, 10_000, 2), { from: 98, to: 112 });
  assert.deepEqual(inSight(0, 520, 52, 3, 2), { from: 0, to: 3 });
  assert.deepEqual(inSight(99_999, 520, 52, 3, 2), { from: 3, to: 3 });
});

test("a graph is laid out in its direction, without boxes on each other", () => {
  const wide = layout(["a", "b", "c"], [{ from: "a", to: "b" }, { from: "a", to: "c" }], "LR");
  assert.ok(wide.boxes.get("b").x > wide.boxes.get("a").x);
  assert.notEqual(wide.boxes.get("b").y, wide.boxes.get("c").y);
  const tall = layout(["a", "b"], [{ from: "a", to: "b" }], "TB");
  assert.ok(tall.boxes.get("b").y > tall.boxes.get("a").y);
});

test("numbers read as people say them", () => {
  assert.equal(rate(undefined), "–");
  assert.equal(rate(12_345), "12.3 k/s");
  assert.equal(nanoseconds(1500), "1.5 µs");
  assert.equal(nanoseconds(31e9), "31.0 s");
  assert.equal(span(192_000), "3 min 12 s");
  assert.equal(age(3 * 86_400_000), "3 days");
});

test("a tapped tuple says of which topic its partition and offset are", () => {
  assert.equal(position({ topic: "readings", partition: 0, offset: 4711 }), "readings/0/4711");
  assert.equal(position({ topic: "alerts" }), "alerts");
  assert.equal(position({ partition: 3, offset: 5 }), "3/5");
  assert.equal(position({}), "");
});
