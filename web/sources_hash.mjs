// One hash over everything that dist/index.html is made from. scripts/check-web computes the same without
// Node, so that a page that was not built again is found on any machine.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

export function sources() {
  const within = folder => readdirSync(folder, { withFileTypes: true })
    .flatMap(e => (e.isDirectory() ? within(`${folder}/${e.name}`) : [`${folder}/${e.name}`]));
  const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return [...within("src"), "build.mjs", "package-lock.json", "sources_hash.mjs", "tsconfig.json"].sort(byBytes);
}

// As `sha256sum FILE... | sha256sum` has it.
export function sourcesHash() {
  const of = data => createHash("sha256").update(data).digest("hex");
  return of(sources().map(file => `${of(readFileSync(file))}  ${file}\n`).join("")).slice(0, 16);
}
