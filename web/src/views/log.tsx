// The tail of the log, as it is written.

import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine } from "../api";
import { Moment, Notice } from "../parts/basics";
import { useStream } from "../stream";

const kLevels = ["debug", "info", "warn", "error"];

function Fields({ line }: { line: LogLine }) {
  const rest = Object.entries(line).filter(([name]) => !["@timestamp", "log.level", "message"].includes(name));
  return <>{rest.map(([name, value]) => <span class="field" key={name}><span class="soft">{name}=</span>{typeof value === "string" ? value : JSON.stringify(value)}</span>)}</>;
}

export function LogView() {
  const [held, setHeld] = useState(false);
  const [least, setLeast] = useState("debug");
  const [text, setText] = useState("");
  const { items, error } = useStream<LogLine>("/api/v1/logs/stream?limit=500", "line", 2000, held);
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const wanted = items.filter(({ item }) =>
    kLevels.indexOf(item["log.level"]) >= kLevels.indexOf(least) && (!text || JSON.stringify(item).toLowerCase().includes(text.toLowerCase())));
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [wanted.length, items[items.length - 1]?.id]);
  return (
    <>
      <div class="section-head"><h2>Log</h2></div>
      <form class="filters" onSubmit={event => event.preventDefault()}>
        <label>At least <select value={least} onChange={e => setLeast(e.currentTarget.value)}>{kLevels.map(l => <option key={l}>{l}</option>)}</select></label>
        <label>With <input type="search" value={text} onInput={e => setText(e.currentTarget.value)} placeholder="text" /></label>
        <button type="button" aria-pressed={held} onClick={() => setHeld(!held)}>{held ? "Go on" : "Hold"}</button>
      </form>
      {error && <Notice kind="bad">{error}</Notice>}
      <div ref={box} class="log" role="log" aria-label="log" tabIndex={0}
           onScroll={e => { const b = e.currentTarget; follows.current = b.scrollHeight - b.scrollTop - b.clientHeight < 40; }}>
        {wanted.slice(-1000).map(({ id, item }) => (
          <div key={id} class={`line-of-log ${item["log.level"]}`}>
            <Moment ms={Date.parse(item["@timestamp"])} now={Date.now()} /> <span class="level">{item["log.level"]}</span> {item.message} <Fields line={item} />
          </div>
        ))}
        {wanted.length === 0 && <p class="soft">No line yet.</p>}
      </div>
    </>
  );
}
