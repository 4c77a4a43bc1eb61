// All topologies of the process: picture, what is wrong, and the same as a table.

import { useEffect, useState } from "preact/hooks";
import { bytes, count, nanoseconds, rate } from "../format";
import { useLive } from "../live";
import type { TopologyView } from "../model";
import { Meter, Table } from "../parts/basics";
import { link } from "../route";
import { ErrorList } from "./errors";
import { Graph } from "./graph";

export function useNarrow(): boolean {
  const query = matchMedia("(max-width: 720px)");
  const [narrow, set] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => set(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}

function Trouble({ view }: { view: TopologyView }) {
  const { stuck, oldest_in_flight, paused_spouts } = view.source;
  const old = oldest_in_flight.filter(o => o.age_ns > 1e9);
  if (!stuck.length && !old.length && !paused_spouts.length) return null;
  return (
    <ul class="trouble" aria-label={`trouble in ${view.name}`}>
      {stuck.map(s => (
        <li key={s.component} class="bad">
          <a href={link("component", view.name, s.component)}>{s.component}</a> has not come back for {nanoseconds(s.for_ns)}
        </li>
      ))}
      {old.map(o => (
        <li key={`${o.spout}${o.task}`} class={o.age_ns > 10e9 ? "bad" : ""}>
          oldest message of {o.spout}[{o.task}]: partition {o.partition}, offset {o.offset}, {nanoseconds(o.age_ns)} old,{" "}
          {o.where}
        </li>
      ))}
      {paused_spouts.map(spout => <li key={spout}>{spout} was paused by an operator</li>)}
    </ul>
  );
}

function Components({ view }: { view: TopologyView }) {
  return (
    <Table label={`components of ${view.name}`}
           head={["component", "tasks", "done", "rate", "failed", "waiting", "load", "queue p99", "execute p99", "complete p99"]}>
      {view.components.map(c => (
        <tr key={c.name} class={view.hot?.component === c.name ? "hot" : ""}>
          <th scope="row" class="text"><a href={link("component", view.name, c.name)}>{c.name}</a> <span class="soft">{c.kind}</span></th>
          <td>{c.tasks.length}</td>
          <td>{count(c.done)}</td>
          <td>{rate(c.rate)}</td>
          <td class={c.failed ? "bad" : ""}>{count(c.failed)}</td>
          <td>{c.kind === "spout" ? `${count(c.inFlight)} in flight` : count(c.queuedBlocks)}</td>
          <td><Meter share={c.load} label={`load of ${c.name}`} /></td>
          <td>{c.queue ? nanoseconds(c.queue.p99_ns) : ""}</td>
          <td>{c.execute ? nanoseconds(c.execute.p99_ns) : ""}</td>
          <td>{c.complete ? nanoseconds(c.complete.p99_ns) : ""}</td>
        </tr>
      ))}
    </Table>
  );
}

function Section({ view, narrow }: { view: TopologyView; narrow: boolean }) {
  const taken = view.components.filter(c => c.kind === "spout").reduce((n, c) => n + (c.rate ?? 0), 0);
  const lag = view.source.lag.reduce((n, l) => n + l.records, 0);
  return (
    <section aria-label={`topology ${view.name}`} id={`topology-${view.name}`} tabIndex={-1}>
      <div class="section-head">
        <h2>{view.name}</h2>
        <span class="soft">
          {rate(taken)} done, {count(lag)} behind, {bytes(view.source.bytes_in_flight)} in flight
        </span>
      </div>
      <Trouble view={view} />
      <Graph view={view} direction={narrow ? "TB" : "LR"} />
      <details>
        <summary>As a table</summary>
        <Components view={view} />
      </details>
      {view.source.errors.length > 0 && (
        <details>
          <summary>Last errors</summary>
          <ErrorList errors={view.source.errors} named />
        </details>
      )}
    </section>
  );
}

/** Where to look, in a process of several topologies. */
function Index({ views }: { views: TopologyView[] }) {
  const show = (name: string) => (event: Event): void => {
    event.preventDefault();  // the address names the page, not a place on it
    const section = document.getElementById(`topology-${name}`);
    section?.scrollIntoView();
    section?.focus({ preventScroll: true });
  };
  return (
    <nav class="chips" aria-label="topologies">
      {views.map(view => (
        <a key={view.name} href={`#topology-${view.name}`} onClick={show(view.name)}>
          {view.name}
          {view.hot && <span class="bad"> ▲ {view.hot.component}</span>}
        </a>
      ))}
    </nav>
  );
}

export function Overview() {
  const { views } = useLive();
  const narrow = useNarrow();
  if (!views.length) return <p class="soft">This process runs no topology.</p>;
  return (
    <>
      {views.length > 1 && <Index views={views} />}
      {views.map(view => <Section key={view.name} view={view} narrow={narrow} />)}
    </>
  );
}
