// Samples of what goes through a stream, as it goes.

import { useState } from "preact/hooks";
import type { TapSample } from "../api";
import { count, position } from "../format";
import { useLive } from "../live";
import { Moment, Notice } from "../parts/basics";
import { link } from "../route";
import { useStream } from "../stream";

export function TapView({ chosen }: { chosen?: string }) {
  const { process } = useLive();
  const [held, setHeld] = useState(false);
  const taps = process?.taps ?? [];
  const stream = chosen && taps.includes(chosen) ? chosen : undefined;
  const { items, error } = useStream<TapSample>(
    stream && `/api/v1/tap?stream=${encodeURIComponent(stream)}&rate=5`, "sample", 50, held);
  return (
    <>
      <div class="section-head"><h2>Tap</h2><span class="soft">at most five samples a second; secrets are left out</span></div>
      <nav class="chips" aria-label="streams">
        {taps.map(t => <a key={t} href={link("tap", t)} aria-current={t === stream ? "page" : undefined}>{t}</a>)}
      </nav>
      {!stream && <p class="soft">Choose a stream.</p>}
      {stream && <button type="button" aria-pressed={held} onClick={() => setHeld(!held)}>{held ? "Go on" : "Hold"}</button>}
      {error && <Notice kind="bad">{error}</Notice>}
      {stream && items.length === 0 && !error && <p class="soft">Nothing came yet.</p>}
      <ul class="letters">
        {[...items].reverse().map(({ id, item }) => (
          <li key={id} class="letter sample">
            <span class="soft">
              <Moment ms={Date.parse(item.at)} now={Date.now()} />
              {position(item) && ` · ${position(item)}`}
              {item.key ? ` · key ${item.key}` : ""}
              {item.skipped ? ` · ${count(item.skipped)} not shown before it` : ""}
            </span>
            <code>{item.value}{item.is_cut ? " …" : ""}</code>
          </li>
        ))}
      </ul>
    </>
  );
}
