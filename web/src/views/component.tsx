// One component: latency over time, its tasks beside each other, its errors, its own numbers.

import type { AlignedData } from "uplot";
import { count, nanoseconds, percent, plural, rate } from "../format";
import type { Column, Track } from "../history";
import { useLive } from "../live";
import type { ComponentView } from "../model";
import { Meter, Notice, Table } from "../parts/basics";
import { ChangeButton } from "../parts/access";
import { Chart } from "../parts/chart";
import { link } from "../route";
import { ErrorList } from "./errors";

const data = (track: Track, ...names: Column[]): AlignedData =>
  [track.time, ...names.map(name => track.columns.get(name) ?? [])] as AlignedData;

const kPercentileLines = [
  { label: "p50", color: "--c1" },
  { label: "p90", color: "--c2" },
  { label: "p99", color: "--c3" },
];
const kWindow = { least: 60, most: 300 };  // seconds in sight

function Latency({ track, of, title, now }: {
  track: Track;
  of: "queue" | "execute" | "complete";
  title: string;
  now: { p50_ns: number; p90_ns: number; p99_ns: number } | undefined;
}) {
  const summary = now
    ? `Now: half under ${nanoseconds(now.p50_ns)}, 90 % under ${nanoseconds(now.p90_ns)}, 99 % under ${nanoseconds(now.p99_ns)}.`
    : "Nothing in the last seconds.";
  return (
    <Chart title={title} summary={summary} lines={kPercentileLines} format={nanoseconds} height={190} atLeast={[0, 1000]}
           data={data(track, `${of}_p50`, `${of}_p90`, `${of}_p99`)} range={inSight(track)} />
  );
}

function inSight(track: Track): [number, number] {
  const end = Math.floor(track.time[track.time.length - 1] ?? Date.now() / 1000);
  const seen = end - Math.floor(track.time[0] ?? end);
  return [end - Math.min(kWindow.most, Math.max(kWindow.least, seen)), end];
}

function Tasks({ view }: { view: ComponentView }) {
  const spout = view.kind === "spout";
  return (
    <Table label={`tasks of ${view.name}`}
           head={spout ? ["task", "done", "failed", "in flight", "complete p50", "p90", "p99"]
                       : ["task", "done", "failed", "queued blocks", "execute p50", "p90", "p99"]}>
      {view.tasks.map(t => {
        const latency = t.complete ?? t.execute;
        return (
          <tr key={t.task}>
            <th scope="row" class="text">{t.task}</th>
            <td>{count((spout ? t.acked : t.executed) ?? 0)}</td>
            <td class={t.failed ? "bad" : ""}>{count(t.failed)}</td>
            <td>{count((spout ? t.in_flight : t.queued_blocks) ?? 0)}</td>
            <td>{latency?.count ? nanoseconds(latency.p50_ns) : ""}</td>
            <td>{latency?.count ? nanoseconds(latency.p90_ns) : ""}</td>
            <td>{latency?.count ? nanoseconds(latency.p99_ns) : ""}</td>
          </tr>
        );
      })}
    </Table>
  );
}

function Gauges({ view }: { view: ComponentView }) {
  const names = [...new Set(view.tasks.flatMap(t => Object.keys(t.gauges)))];
  if (!names.length) return null;
  return (
    <details>
      <summary>Its own numbers</summary>
      <dl class="gauges">
        {names.map(name => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{count(view.tasks.reduce((n, t) => n + (t.gauges[name] ?? 0), 0))}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

export function SpoutControl({ topology, spout, paused }: { topology: string; spout: string; paused: boolean }) {
  const path = `/api/v1/spouts/${encodeURIComponent(spout)}/${paused ? "resume" : "pause"}?topology=${encodeURIComponent(topology)}`;
  return (
    <ChangeButton text={paused ? "Resume" : "Pause"} title={paused ? `Resume ${spout}?` : `Pause ${spout}?`} path={path}
                  question={paused ? "It takes in new messages again."
                                   : "It takes in nothing new, and what is in flight goes on. A restart forgets the pause."}
                  done={() => (paused ? `${spout} goes on.` : `${spout} is paused.`)} />
  );
}

export function Component({ topology, name }: { topology: string; name: string }) {
  const live = useLive();
  const within = live.views.find(v => v.name === topology);
  const view = within?.components.find(c => c.name === name);
  if (!within || !view) return <Notice kind="soft">This process has no component {name} in {topology}.</Notice>;
  const track = live.history.track(topology, name);
  const reads = within.edges.filter(e => e.to === name);
  const feeds = within.edges.filter(e => e.from === name);
  const errors = within.source.errors.filter(e => e.component === name);
  const oldest = within.source.oldest_in_flight.filter(o => o.component === name && o.age_ns > 1e9);
  const paused = within.source.paused_spouts.includes(name);
  return (
    <>
      <p class="crumbs"><a href="#/">Graph</a> / {topology}</p>
      <div class="section-head">
        <h2>{name}</h2>
        <span class="soft">{view.kind}, {plural(view.tasks.length, "task")}</span>
        {view.kind === "spout" && <SpoutControl topology={topology} spout={name} paused={paused} />}
      </div>
      {view.stuckNs && <Notice kind="bad">It has not come back from a call for {nanoseconds(view.stuckNs)}.</Notice>}
      {paused && <Notice kind="soft">It was paused by an operator.</Notice>}
      {oldest.map(o => (
        <Notice kind={o.age_ns > 10e9 ? "bad" : "soft"} key={`${o.spout}${o.task}`}>
          Partition {o.partition}, offset {o.offset} of {o.spout}[{o.task}] is {nanoseconds(o.age_ns)} old: {o.where}
        </Notice>
      ))}
      <dl class="figures">
        <div><dt>rate</dt><dd>{rate(view.rate)}</dd></div>
        <div><dt>done</dt><dd>{count(view.done)}</dd></div>
        <div><dt>failed</dt><dd class={view.failed ? "bad" : ""}>{count(view.failed)}</dd></div>
        <div><dt>{view.kind === "spout" ? "in flight" : "queued blocks"}</dt><dd>{count(view.kind === "spout" ? view.inFlight : view.queuedBlocks)}</dd></div>
        <div><dt>load</dt><dd><Meter share={view.load} label="load" /></dd></div>
      </dl>
      <p class="soft">
        {reads.length > 0 && <>reads {reads.map((e, i) => <>{i > 0 && ", "}<a href={link("component", topology, e.from)}>{e.from}</a> ({e.grouping})</>)}</>}
        {reads.length > 0 && feeds.length > 0 && "; "}
        {feeds.length > 0 && <>feeds {feeds.map((e, i) => <>{i > 0 && ", "}<a href={link("component", topology, e.to)}>{e.to}</a></>)}</>}
      </p>
      {errors.length > 0 && <section aria-label="errors"><h3>Last errors</h3><ErrorList errors={errors} /></section>}
      <div class="charts">
        {reads.some(e => e.grouping !== "local") && <Latency track={track} of="queue" title="Waiting in the queue" now={view.queue} />}
        {view.kind === "bolt" && <Latency track={track} of="execute" title="Executing" now={view.execute} />}
        {view.kind === "spout" && <Latency track={track} of="complete" title="From emitted to done" now={view.complete} />}
        <Chart title={view.kind === "spout" ? "Messages done, per second" : "Tuples executed, per second"} summary={`Now ${rate(view.rate)}.`}
               lines={[{ label: "rate", color: "--c1", fill: "--c1-soft" }]} format={rate} height={190} data={data(track, "rate")}
               range={inSight(track)} atLeast={[0, 1]} />
        <Chart title="Load of its busiest task" summary={`Now ${percent(view.load)}.`} lines={[{ label: "load", color: "--c2", fill: "--c2-soft" }]}
               format={v => `${Math.round(v)} %`} height={190} data={data(track, "load")} range={inSight(track)} atLeast={[0, 100]} />
      </div>
      <p class="soft">Latencies are of the slowest task, over the ten seconds before each moment; lines begin when this page was opened.</p>
      <h3>Tasks, since the start</h3>
      <Tasks view={view} />
      <Gauges view={view} />
    </>
  );
}
