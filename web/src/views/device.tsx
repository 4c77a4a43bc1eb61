// One device: its curve with limits and alerts drawn in, its battery, its alerts.

import { useMemo, useState } from "preact/hooks";
import type { AlignedData } from "uplot";
import type { Alert, AlertsAnswer, Device, Series } from "../api";
import { useFleet } from "../fleet";
import { condition } from "../fleet_rules";
import { age, celsius, exactCelsius, moment, plural, span } from "../format";
import { useFetched } from "../fetched";
import { Moment, Notice, Table } from "../parts/basics";
import { Chart, type Mark } from "../parts/chart";
import { useRoute } from "../route";
import { AlertTable, kAlertTexts } from "./alerts";
import { ConditionTag, nameOf } from "./devices";

const kHour = 3_600_000;
const kRanges: [string, number][] = [["1 h", kHour], ["6 h", 6 * kHour], ["24 h", 24 * kHour], ["7 d", 168 * kHour], ["30 d", 720 * kHour], ["1 y", 8760 * kHour]];

/** The range in sight: up to now and moving with it, or fixed by a zoom. */
type Range = { back: number } | { from: number; to: number };

/** Minutes, so that a moving range asks for the same path for a while. */
function bounds(range: Range, now: number): { from: number; to: number } {
  if (!("back" in range)) return range;
  const to = Math.ceil(now / 60_000) * 60_000;
  return { from: to - range.back, to };
}

const percentOf = (charge: number | null | undefined): string => (charge == null ? "–" : `${Math.round(charge)} %`);

/** Lines do not join what lies on both sides of a silence. */
function withGaps(series: Series): { time: number[]; index: (number | undefined)[] } {
  const time: number[] = [];
  const index: (number | undefined)[] = [];
  const steps = series.time.slice(1).map((t, i) => t - (series.time[i] ?? t)).sort((a, b) => a - b);
  const usual = Math.max(series.step, steps[Math.floor(steps.length / 2)] ?? 0);
  series.time.forEach((t, i) => {
    const before = series.time[i - 1];
    if (before !== undefined && usual > 0 && t - before > Math.max(usual * 6, 600_000)) {
      time.push(before / 1000 + 1);
      index.push(undefined);
    }
    time.push(t / 1000);
    index.push(i);
  });
  return { time, index };
}

function curves(series: Series, limits: Device["limits"]): { temperature: AlignedData; battery: AlignedData } {
  const { time, index } = withGaps(series);
  const column = (values: (number | null)[]): (number | null)[] => index.map(i => (i === undefined ? null : (values[i] ?? null)));
  const level = (value: number | undefined): (number | null)[] => time.map(() => value ?? null);
  const t = series.temperature;
  return {
    temperature: [time, column(t.max), column(t.min), column(t.avg), level(limits?.max_temperature), level(limits?.min_temperature)] as AlignedData,
    battery: [time, column(series.battery.avg), level(limits?.min_battery)] as AlignedData,
  };
}

function inWords(series: Series, limits: Device["limits"]): string {
  const { min, max, avg } = series.temperature;
  if (!series.time.length) return "No reading in this time.";
  const least = min.reduce((a, b) => Math.min(a, b));
  const most = max.reduce((a, b) => Math.max(a, b));
  const above = limits?.max_temperature !== undefined && most > limits.max_temperature ? `, above the limit of ${celsius(limits.max_temperature)}` : "";
  const below = limits?.min_temperature !== undefined && least < limits.min_temperature ? `, below the limit of ${celsius(limits.min_temperature)}` : "";
  return `${plural(series.time.length, "point")}, from ${celsius(least)}${below} to ${celsius(most)}${above}; last ${celsius(avg[avg.length - 1])}.`;
}

/** The limits are in sight, wherever the curve is. */
function withRoom(low: number | undefined, high: number | undefined): [number, number] | undefined {
  if (low === undefined && high === undefined) return undefined;
  return [(low ?? high ?? 0) - 1, (high ?? low ?? 0) + 1];
}

const marksOf = (alerts: Alert[]): Mark[] => alerts.map(a => ({
  time: a.time / 1000,
  value: a.kind === "too_hot" || a.kind === "too_cold" ? a.value : undefined,
  text: kAlertTexts[a.kind],
  color: a.kind === "back" ? "--good" : "--bad",
}));

function Curves({ device, series, alerts, range, onZoom }: {
  device: Device | undefined;
  series: Series;
  alerts: Alert[];
  range: [number, number];
  onZoom: (from: number, to: number) => void;
}) {
  const limits = device?.limits;
  const data = useMemo(() => curves(series, limits), [series, limits?.max_temperature, limits?.min_temperature, limits?.min_battery]);
  const words = inWords(series, limits);
  const { max_temperature: high, min_temperature: low, min_battery: charge } = limits ?? {};
  return (
    <>
      <p class="soft">{words} Triangles are alerts; drag over a part to see it larger.</p>
      <Chart title="Temperature" summary={words} height={300} range={range} onZoom={onZoom} format={v => `${v.toFixed(1)} °C`}
             data={data.temperature} atLeast={withRoom(low, high)} band={{ upper: 1, lower: 2, color: "--c1-soft" }}
             marks={marksOf(alerts.filter(a => a.kind !== "low_battery"))}
             lines={[
               { label: "most", color: "--c1-soft", width: 1 },
               { label: "least", color: "--c1-soft", width: 1 },
               { label: "mean", color: "--c1", width: 2 },
               { label: "upper limit", color: "--bad", dash: [6, 5], width: 1.5 },
               { label: "lower limit", color: "--c4", dash: [6, 5], width: 1.5 },
             ]} />
      <Chart title="Battery" height={130} range={range} onZoom={onZoom} format={v => `${Math.round(v)} %`} data={data.battery} atLeast={[0, 100]}
             summary={`Now ${device?.last ? `${device.last.battery} %` : "not known"}${charge === undefined ? "" : `; the limit is ${charge} %`}.`}
             marks={marksOf(alerts.filter(a => a.kind === "low_battery"))}
             lines={[{ label: "battery", color: "--c2", width: 2 }, { label: "limit", color: "--bad", dash: [6, 5], width: 1.5 }]} />
      <details>
        <summary>The curve as a table</summary>
        <Table label="readings" head={["time", "least", "mean", "most", "battery"]}>
          {series.time.slice(-500).map((t, i, shown) => {
            const at = series.time.length - shown.length + i;
            return (
              <tr key={t}>
                <th scope="row" class="text"><Moment ms={t} now={Date.now()} /></th>
                <td>{celsius(series.temperature.min[at])}</td><td>{celsius(series.temperature.avg[at])}</td>
                <td>{celsius(series.temperature.max[at])}</td><td>{percentOf(series.battery.avg[at])}</td>
              </tr>
            );
          }).reverse()}
        </Table>
      </details>
    </>
  );
}

/** The address keeps a moving range, so that a link shows what its sender saw: #/device/7?hours=6 */
function useRange(): [Range, (range: Range) => void] {
  const { query } = useRoute();
  const hours = Number(query.get("hours"));
  const [range, set] = useState<Range>({ back: (hours > 0 ? hours : 24) * kHour });
  return [range, wanted => {
    set(wanted);
    if ("back" in wanted) history.replaceState(null, "", location.hash.replace(/\?.*|$/, `?hours=${wanted.back / kHour}`));
  }];
}

export function DeviceView({ id }: { id: string }) {
  const { devices, now, offered } = useFleet();
  const [range, setRange] = useRange();
  const device = devices.get(id);
  const { from, to } = bounds(range, now);
  const path = `/api/v1/devices/${encodeURIComponent(id)}/series?from=${Math.round(from)}&to=${Math.round(to)}`;
  const moving = "back" in range;
  const { answer: series, error } = useFetched<Series>(offered ? path : undefined, moving ? 10_000 : 0);
  const { answer: alerts } = useFetched<AlertsAnswer>(`/api/v1/alerts?device=${encodeURIComponent(id)}&limit=100`, 5000);
  const state = device && condition(device, now);
  return (
    <>
      <p class="crumbs"><a href="#/devices">Devices</a>{device?.group ? ` / ${device.group}` : ""}</p>
      <div class="section-head">
        <h2>{nameOf(device ?? { id })}</h2>
        {state && <ConditionTag of={state} />}
        <span class="soft">{[device?.name && `id ${id}`, device?.owner].filter(Boolean).join(", ")}</span>
      </div>
      {offered && !device && <Notice kind="soft">No such device is known.</Notice>}
      {device && (
        <dl class="figures">
          <div><dt>temperature</dt><dd class={state === "too_hot" || state === "too_cold" ? "bad" : ""}>{exactCelsius(device.last?.temperature)}</dd></div>
          <div><dt>limits</dt><dd>{exactCelsius(device.limits?.min_temperature)} to {exactCelsius(device.limits?.max_temperature)}</dd></div>
          <div><dt>battery</dt><dd>{device.last ? `${device.last.battery} %` : "–"}</dd></div>
          <div><dt>last reading</dt><dd>{device.last ? `${age(now - device.last.time)} ago` : "–"}</dd></div>
        </dl>
      )}
      <div class="chips" role="group" aria-label="time in sight">
        {kRanges.map(([text, back]) => (
          <button type="button" key={text} aria-pressed={moving && range.back === back} onClick={() => setRange({ back })}>{text}</button>
        ))}
        {!moving && <span class="soft">{moment(from, now)} to {moment(to, now)} ({span(to - from)})</span>}
        <a class="end" href={`${path}&format=csv`} download={`device-${id}.csv`}>CSV</a>
      </div>
      {error && <Notice kind="bad">{error}</Notice>}
      {series && <Curves device={device} series={series} alerts={alerts?.alerts ?? []} range={[from / 1000, to / 1000]}
                         onZoom={(a, b) => setRange({ from: a * 1000, to: b * 1000 })} />}
      {alerts && <><h3>Alerts</h3><AlertTable alerts={alerts.alerts} now={now} one /></>}
    </>
  );
}
