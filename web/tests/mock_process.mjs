// A process that answers as host/openapi.yaml and API.md say, for browser tests of what a real one shows
// rarely: ten thousand devices, a stuck bolt, a refused token. Everything it tells is set by the test.
//   node tests/mock_process.mjs [PORT]   to look at the page by hand

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const kPage = fileURLToPath(new URL("../dist/index.html", import.meta.url));
const kMinute = 60_000;

// Buckets as the engine has them need not be exact here: three, that move by the second.
function latency(count, base) {
  const buckets = [[base, Math.floor(count * 0.6)], [base * 3, Math.floor(count * 0.35)], [base * 20, Math.ceil(count * 0.05)]];
  return { count, sum_ns: count * base * 2, p50_ns: base, p90_ns: base * 3, p99_ns: base * 20, buckets };
}

const kGraph = {
  nodes: [
    { name: "readings", kind: "spout", tasks: 1 }, { name: "config", kind: "bolt", tasks: 2 },
    { name: "temperature", kind: "bolt", tasks: 2 }, { name: "battery", kind: "bolt", tasks: 1 },
    { name: "info", kind: "bolt", tasks: 1 }, { name: "notify", kind: "bolt", tasks: 1 },
  ],
  edges: [
    { from: "readings", stream: "default", to: "config", grouping: "fields(device_id)" },
    { from: "config", stream: "default", to: "temperature", grouping: "local" },
    { from: "config", stream: "default", to: "battery", grouping: "shuffle" },
    { from: "temperature", stream: "alerts", to: "info", grouping: "shuffle" },
    { from: "battery", stream: "alerts", to: "info", grouping: "shuffle" },
    { from: "info", stream: "default", to: "notify", grouping: "global" },
  ],
};

export class MockProcess {
  token = "s3cret";
  needsToken = true;
  devices = [];
  alerts = [];
  topics = [{ topic: "reports", letters: 25, waiting: 25 }, { topic: "readings", letters: 0, waiting: 0 }];
  busy = new Set();         // paths whose requests are cut off
  hidden = new Set();       // paths that this process does not offer
  stuck = [];
  oldest = [];
  errors = [];
  reasons = [];
  paused = new Set();
  requests = [];
  rates = { readings: 3000, config: 3000, temperature: 3000, battery: 3000, info: 4, notify: 4 };
  loads = { readings: 0.12, config: 0.31, temperature: 0.22, battery: 0.09, info: 0.01, notify: 0.02 };
  started = Date.now();
  logLines = [];

  addDevices(n) {
    const now = Date.now();
    for (let i = 1; i <= n; i += 1)
      this.devices.push({
        id: String(i), name: i % 7 ? `Fridge ${i}` : undefined, group: `Shop ${1 + (i % 40)}`, owner: "Ana",
        state: i % 97 ? "active" : "inactive",
        last: { time: now - (i % 61 ? (i % 13) * kMinute : 3 * 60 * kMinute), temperature: i % 53 ? 3 + (i % 40) / 10 : 11.4, battery: 15 + (i % 85) },
        limits: { min_temperature: 2, max_temperature: 8, min_battery: 20 },
      });
    return this;
  }
  addExcursion(id) {
    const now = Date.now();
    this.alerts.unshift({
      id: `${id}-too_hot-${now - 190 * kMinute}`, device: id, kind: "too_hot", value: 8.3, limit: 8, time: now - 190 * kMinute,
      info: { name: `Fridge ${id}`, group: "Shop 4" },
    });
    this.alerts.unshift({
      id: `${id}-too_hot-${now - 130 * kMinute}`, device: id, kind: "too_hot", value: 12.1, limit: 8, time: now - 130 * kMinute,
      info: { name: `Fridge ${id}`, group: "Shop 4" },
    });
    return this;
  }

  topology() {
    const s = (Date.now() - this.started) / 1000;
    const tasks = kGraph.nodes.flatMap(node => Array.from({ length: node.tasks }, (_, task) => {
      const done = Math.floor((this.rates[node.name] * s) / node.tasks);
      const base = 2000 * (1 + node.name.length) * (1.2 + Math.sin(s / 9 + node.name.length));
      const common = {
        component: node.name, task, kind: node.kind, failed: this.errors.filter(e => e.component === node.name).length,
        busy_ns: Math.floor(this.loads[node.name] * s * 1e9), emitted: { default: done, alerts: Math.floor(2 * s) }, gauges: {},
      };
      return node.kind === "spout"
        ? { ...common, opened: done + 40, acked: done, in_flight: 40, complete: latency(done, base * 40), gauges: { retries: 3, commits: 12 } }
        : { ...common, executed: done, queued_blocks: this.loads[node.name] > 0.8 ? 14 : 0, queue: latency(done, base * 5), execute: latency(done, base) };
    }));
    return {
      name: "thresholds", ...kGraph, tasks, errors: this.errors, oldest_in_flight: this.oldest, stuck: this.stuck,
      lag: [0, 1, 2].map(partition => ({ spout: "readings", topic: "readings", group: "thresholds", partition, records: 40 * (partition + 1) ** 2, seconds: 1.5 * partition, is_paused: this.paused.has("readings") })),
      paused_spouts: [...this.paused], bytes_in_flight: 81_000,
    };
  }

  series(id, query) {
    const from = Number(query.get("from")), to = Number(query.get("to"));
    const step = Math.max(5 * kMinute, Math.ceil((to - from) / 1500 / kMinute) * kMinute);
    const now = Date.now();
    const answer = { device: id, from, to, step, time: [], temperature: { min: [], max: [], avg: [] }, battery: { min: [], max: [], avg: [] } };
    for (let t = Math.ceil(from / step) * step; t <= Math.min(to, now); t += step) {
      const back = (now - t) / kMinute;
      if (back > 600 && back < 690) continue;  // a silence
      const hump = 8.5 * Math.exp(-(((back - 150) / 35) ** 2));
      const value = 4.4 + 0.7 * Math.sin(t / 2.1e6) + 0.25 * Math.sin(t / 3.7e5) + hump;
      answer.time.push(t);
      answer.temperature.avg.push(value);
      answer.temperature.min.push(value - 0.25);
      answer.temperature.max.push(value + 0.3);
      const charge = 76 + back / 1000;
      for (const column of Object.values(answer.battery)) column.push(charge);
    }
    return answer;
  }

  letters(topic) {
    return Array.from({ length: topic.letters }, (_, i) => ({
      partition: i % 3, offset: 1000 - i, at: new Date(Date.now() - i * 45_000).toISOString(), key: String(100 + i),
      headers: { "bora.dlq.topic": topic.topic, "bora.dlq.partition": String(i % 3), "bora.dlq.offset": String(7000 - i), "bora.dlq.component": "parse", "bora.dlq.kind": "permanent", "bora.dlq.reason": i % 2 ? "missing_field: reading.temp" : "invalid_json: unexpected end at byte 41", "bora.dlq.attempts": "1" },
      value: i % 2 ? '{"gateway":{"id":7},"device":{"id":123},"reading":{"time":1466380800123,"batt":75}}' : '{"gateway":{"id":7,"token":"***"},"device":{',
    }));
  }

  answer(method, path, query, allowed) {
    const [, letters] = path.match(/^\/api\/v1\/dead-letters\/([^/]+)/) ?? [];
    const topic = this.topics.find(t => t.topic === letters);
    if (method !== "GET") {
      if (this.needsToken && !allowed) return [401, { title: "Unauthorized", status: 401, detail: "A change needs the token: see control.token." }];
      if (path.endsWith("/replay") && topic) {
        setTimeout(() => { topic.waiting = 0; }, 300);
        return [202, topic];
      }
      const [, spout, what] = path.match(/^\/api\/v1\/spouts\/([^/]+)\/(pause|resume)$/) ?? [];
      if (spout) {
        this.paused[what === "pause" ? "add" : "delete"](spout);
        return [200, { topology: "thresholds", spout, paused: what === "pause" }];
      }
      return [404, { title: "Not Found", status: 404, detail: "no such route" }];
    }
    const [, device] = path.match(/^\/api\/v1\/devices\/(\d+)\/series$/) ?? [];
    if (device) return [200, this.series(device, query)];
    if (topic) return [200, { letters: this.letters(topic) }];
    switch (path) {
      case "/api/v1/topology":
        return [200, { program: "coldchain", version: "0.1.0", state: "running", uptime_ms: Date.now() - this.started, now: new Date().toISOString(), readiness: { ready: !this.reasons.length, state: "running", reasons: this.reasons }, taps: ["thresholds/readings"], topologies: [this.topology()], samples: [] }];
      case "/api/v1/access": return [200, { read: true, change: !this.needsToken || allowed, reason: allowed ? "" : "The token is in data/control-token." }];
      case "/api/v1/devices": return [200, { now: Date.now(), cursor: "c1", ...(query.get("since") ? { devices: [] } : { all: true, devices: this.devices }) }];
      case "/api/v1/alerts": return [200, { alerts: this.alerts.filter(a => !query.get("device") || a.device === query.get("device")) }];
      case "/api/v1/gateways": return [200, { now: Date.now(), gateways: [{ id: "7", name: "Shop 4, back door", last: Date.now() - 4000, readings: 4711, devices: 12 }, { id: "8", readings: 0, devices: 0 }] }];
      case "/api/v1/dead-letters": return [200, { topics: this.topics }];
      case "/api/v1/logs": return [200, { lines: this.logLines }];
      default: return [404, { title: "Not Found", status: 404, detail: "no such route" }];
    }
  }

  stream(path, query, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    if (path === "/api/v1/logs/stream") for (const line of this.logLines) response.write(`event: line\ndata: ${JSON.stringify(line)}\n\n`);
    let n = 0;
    const timer = setInterval(() => {
      n += 1;
      if (path === "/api/v1/tap") response.write(`event: sample\ndata: ${JSON.stringify({ stream: query.get("stream"), at: new Date().toISOString(), topic: "readings", partition: 0, offset: n, key: "123", value: '{"device":{"id":123,"auth":"***"}}', skipped: 700 })}\n\n`);
      else response.write(`event: line\ndata: ${JSON.stringify({ "@timestamp": new Date().toISOString(), "log.level": "info", message: `line ${n}`, component: "archive" })}\n\n`);
    }, 300);
    response.on("close", () => clearInterval(timer));
  }

  async listen(port = 0) {
    this.server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url, "http://x");
      this.requests.push(`${request.method} ${request.url}`);
      if (pathname === "/") {
        response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'" });
        return response.end(readFileSync(kPage));
      }
      if (this.busy.has(pathname)) return request.socket.destroy();
      if (this.hidden.has(pathname)) return response.writeHead(404).end("{}");
      if (pathname === "/api/v1/logs/stream" || pathname === "/api/v1/tap") return this.stream(pathname, searchParams, response);
      const allowed = request.headers.authorization === `Bearer ${this.token}`;
      const [status, body] = this.answer(request.method, pathname, searchParams, allowed);
      response.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json" });
      return response.end(JSON.stringify(body));
    });
    await new Promise(resolve => this.server.listen(port, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    return this;
  }
  get url() { return `http://127.0.0.1:${this.port}/`; }
  async close() {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = new MockProcess().addDevices(10_000).addExcursion("12");
  mock.loads.config = 0.93;
  mock.errors.push({ component: "notify", task: 0, at: new Date().toISOString(), times: 3, text: "POST http://sms.example/: 503 Service Unavailable" });
  console.log((await mock.listen(Number(process.argv[2] ?? 0))).url);
}
