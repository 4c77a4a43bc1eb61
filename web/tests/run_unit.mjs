// Runs tests/unit/*.test.ts: each bundled into one module, since Node does not read TypeScript.
import { build } from "esbuild";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";

const out = mkdtempSync(join(tmpdir(), "bora-web-"));
const tests = readdirSync("tests/unit").filter(name => name.endsWith(".test.ts"));
await build({
  entryPoints: tests.map(name => `tests/unit/${name}`), bundle: true, platform: "node", format: "esm",
  outdir: out, outExtension: { ".js": ".mjs" }, jsx: "automatic", jsxImportSource: "preact", logLevel: "warning",
});
const run = spawnSync(process.execPath, ["--test", ...tests.map(name => join(out, name.replace(".ts", ".mjs")))], { encoding: "utf8" });
rmSync(out, { recursive: true });
if (run.status !== 0) process.stdout.write(run.stdout + run.stderr);
else console.log(`web: ${/^# pass (\d+)/m.exec(run.stdout)?.[1] ?? /pass (\d+)/.exec(run.stdout)?.[1]} unit tests passed`);
process.exit(run.status ?? 1);
