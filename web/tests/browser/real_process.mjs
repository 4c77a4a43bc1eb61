// Programs as a user starts them, in a directory of their own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

export class RealProcess {
  output = "";

  static async start(program, args, directory, port) {
    const self = new RealProcess();
    self.directory = directory;
    self.child = spawn(join(process.env.BORA_BIN, program), args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [self.child.stdout, self.child.stderr]) stream.on("data", data => { self.output += data; });
    self.ended = once(self.child, "exit");
    for (let i = 0; i < 300; i += 1) {
      const ready = await fetch(`http://127.0.0.1:${port}/api/v1/topology`).then(answer => answer.ok, () => false);
      if (ready) return self;
      if (self.child.exitCode !== null) break;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    await self.stop();
    throw new Error(`${program} did not start:\n${self.output}`);
  }
  static demo(port) {
    const directory = mkdtempSync(join(tmpdir(), "bora-web-"));
    return RealProcess.start("coldchain", ["demo", "--keep-running", "--rate", "0", "--dir", join(directory, "demo"), "--control-port", String(port)], directory, port);
  }
  static run(port, directory) {
    const set = { data: join(directory, "demo"), "control.port": port, "ingest.port": 0, "admin.port": 0, "series.api_port": 0 };
    return RealProcess.start("coldchain", ["run", ...Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`])], directory, port);
  }

  async says(pattern) {
    for (let i = 0; i < 1200; i += 1) {
      if (pattern.test(this.output)) return;
      if (this.child.exitCode !== null) break;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error(`it never said ${pattern}:\n${this.output.slice(-2000)}`);
  }
  /** As an operator would; its directory stays until the test process ends. */
  async stop() {
    if (this.child.exitCode === null) this.child.kill("SIGTERM");
    await this.ended;
    if (!RealProcess.cleaned) {
      RealProcess.cleaned = true;
      process.on("exit", () => rmSync(this.directory, { recursive: true, force: true }));
    }
  }
}
