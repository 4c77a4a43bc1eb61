"use strict";
// The child's side of Storm's multilang protocol for Node, as small as it goes.
//
//   const { run } = require("./multilang");
//   run({ process(tuple, out) { out.emit([tuple.values[0].toUpperCase()]); } });
//
// process() returns, or its promise is kept: the tuple is acked. It throws: the tuple fails, with the
// error as the reason. What `out` emits is anchored to the tuple. Needs nothing but Node 12.

const fs = require("fs");
const path = require("path");

const LEVELS = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

// The protocol has standard output for itself: console.log goes to standard error, which is logged.
const write = process.stdout.write.bind(process.stdout);
console.log = console.info = console.error;

function send(message) {
  write(`${JSON.stringify(message)}\nend\n`);
}

class Out {
  constructor(tuple) {
    this.tuple = tuple;
  }
  emit(values, { stream = "default", anchors = [this.tuple], task } = {}) {
    send({ command: "emit", stream, anchors: anchors.map((a) => a.id), task, tuple: values,
      need_task_ids: false });
  }
  log(text, level = "info") {
    send({ command: "log", msg: String(text), level: LEVELS[level] });
  }
  metric(name, value = null) {
    send({ command: "metrics", name, params: value });
  }
}

async function take(bolt, message) {
  if (message.stream === "__heartbeat") return send({ command: "sync" });
  const tuple = { id: message.id, component: message.comp, stream: message.stream,
    task: message.task, values: message.tuple };
  try {
    await bolt.process(tuple, new Out(tuple));
    send({ command: "ack", id: tuple.id });
  } catch (fault) {
    console.error(fault);
    send({ command: "error", msg: String(fault) });
    send({ command: "fail", id: tuple.id });
  }
}

async function begin(bolt, hello) {
  fs.closeSync(fs.openSync(path.join(hello.pidDir, String(process.pid)), "w"));
  send({ pid: process.pid });
  if (bolt.initialize) await bolt.initialize(hello.conf, hello.context);
}

// Tuples are processed one after the other, in the order in which they come.
function run(bolt) {
  let lines = [];
  let partial = "";
  let greeted = false;
  let work = Promise.resolve();
  const onMessage = (message) => {
    const step = greeted ? () => take(bolt, message) : () => begin(bolt, message);
    greeted = true;
    work = work.then(step).catch((fault) => {
      console.error(fault);
      process.exit(1);
    });
  };
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk) => {
    const pieces = (partial + chunk).split("\n");
    partial = pieces.pop();
    for (const line of pieces) {
      if (line !== "end") {
        lines.push(line);
        continue;
      }
      onMessage(JSON.parse(lines.join("\n")));
      lines = [];
    }
  });
  process.stdin.on("end", () => work.then(() => process.exit(0)));
  process.stdout.on("error", () => process.exit(0)); // the parent has gone
}

module.exports = { run };
