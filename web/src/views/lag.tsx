// How far each source is behind, by partition; spouts can be paused here.

import type { Lag } from "../api";
import { age, count } from "../format";
import { useLive } from "../live";
import { Table } from "../parts/basics";
import { link } from "../route";
import { SpoutControl } from "./component";

const where = (lag: Lag): string =>
  lag.partition !== undefined ? `${lag.topic ?? ""}/${lag.partition}` : lag.task !== undefined ? `task ${lag.task}` : "all";

export function Lags() {
  const { views } = useLive();
  const most = Math.max(1, ...views.flatMap(v => v.source.lag.map(l => l.records)));
  return (
    <>
      <div class="section-head"><h2>Lag</h2><span class="soft">records that are not done yet, by source</span></div>
      {views.map(view => (
        <section key={view.name} aria-label={`lag of ${view.name}`}>
          <h3>{view.name}</h3>
          {view.source.lag.length === 0
            ? <p class="soft">Its sources do not say how far behind they are.</p>
            : (
              <Table label={`sources of ${view.name}`} head={["spout", "partition", "records behind", "beside the others", "oldest", "state"]} text={2}>
                {view.source.lag.map(lag => (
                  <tr key={`${lag.spout}${lag.task}${lag.topic}${lag.partition}`}>
                    <th scope="row" class="text"><a href={link("component", view.name, lag.spout)}>{lag.spout}</a></th>
                    <td class="text">{where(lag)}</td>
                    <td>{count(lag.records)}</td>
                    <td>{lag.records > 0 && <span class="bar" aria-hidden="true" style={{ width: `${(lag.records / most) * 8}rem` }} />}</td>
                    <td>{lag.seconds === undefined ? "–" : age(lag.seconds * 1000)}</td>
                    <td>{lag.is_paused ? "waits" : "reads"}</td>
                  </tr>
                ))}
              </Table>
            )}
          <div class="buttons start">
            {view.components.filter(c => c.kind === "spout").map(c => (
              <span class="control" key={c.name}>
                {c.name}
                <SpoutControl topology={view.name} spout={c.name} paused={view.source.paused_spouts.includes(c.name)} />
              </span>
            ))}
          </div>
        </section>
      ))}
    </>
  );
}
