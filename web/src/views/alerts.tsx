// What people were told, as it comes.

import type { Alert, AlertKind, AlertsAnswer } from "../api";
import { useFetched } from "../fetched";
import { exactCelsius, span } from "../format";
import { Moment, Notice, Table } from "../parts/basics";
import { link } from "../route";
import { nameOf } from "./devices";

export const kAlertTexts: Record<AlertKind, string> = {
  too_hot: "too hot", too_cold: "too cold", low_battery: "low battery", silent: "silent", back: "back",
};

function inUnit(kind: AlertKind, value: number): string {
  if (kind === "low_battery") return `${value} %`;
  return kind === "silent" || kind === "back" ? span(value * 1000) : exactCelsius(value);
}

export function AlertTable({ alerts, now, one }: { alerts: Alert[]; now: number; one?: boolean }) {
  if (!alerts.length) return <p class="soft">None.</p>;
  return (
    <Table label="alerts" head={one ? ["time", "alert", "value", "limit"] : ["time", "device", "alert", "value", "limit"]} text={one ? 2 : 3}>
      {alerts.map(a => (
        <tr key={a.id}>
          <th scope="row" class="text"><Moment ms={a.time} now={now} /></th>
          {!one && (
            <td class="text">
              <a href={link("device", a.device)}>{nameOf({ id: a.device, name: a.info?.name })}</a>{" "}
              <span class="soft">{a.info?.group}</span>
            </td>
          )}
          <td class="text"><span class={`tag ${a.kind}`}>{kAlertTexts[a.kind]}</span></td>
          <td>{inUnit(a.kind, a.value)}</td>
          <td>{inUnit(a.kind, a.limit)}</td>
        </tr>
      ))}
    </Table>
  );
}

export function Alerts() {
  const { answer, absent, error } = useFetched<AlertsAnswer>("/api/v1/alerts?limit=500", 2000);
  const newest = answer?.alerts[0];
  return (
    <>
      <div class="section-head"><h2>Alerts</h2><span class="soft">newest first</span></div>
      {absent && <Notice kind="soft">This process has no alerts to show.</Notice>}
      {error && !absent && <Notice kind="bad">{error}</Notice>}
      <p class="unseen" aria-live="polite">
        {newest && `Latest: ${nameOf({ id: newest.device, name: newest.info?.name })} ${kAlertTexts[newest.kind]}`}
      </p>
      {answer && <AlertTable alerts={answer.alerts} now={Date.now()} />}
    </>
  );
}
