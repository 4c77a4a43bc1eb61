// Every device with its last reading and state; any number of them.

import { useMemo, useState } from "preact/hooks";
import type { Device } from "../api";
import { useFleet } from "../fleet";
import { condition, kConditions, type Condition } from "../fleet_rules";
import { age, celsius, count, exactCelsius } from "../format";
import { VirtualTable, type VirtualColumn } from "../parts/virtual_list";
import { link } from "../route";
import { useNarrow } from "./overview";

export const nameOf = (device: { id: string; name?: string }): string => device.name ?? `device ${device.id}`;

export function ConditionTag({ of }: { of: Condition }) {
  return <span class={`tag ${of}`}>{kConditions[of].text}</span>;
}

interface Row { device: Device; state: Condition }
type Order = "state" | "name" | "temperature" | "battery" | "last";

const kOrders: Record<Order, (a: Row, b: Row) => number> = {
  state: (a, b) => kConditions[a.state].rank - kConditions[b.state].rank,
  name: (a, b) => nameOf(a.device).localeCompare(nameOf(b.device), undefined, { numeric: true }),
  temperature: (a, b) => (a.device.last?.temperature ?? Infinity) - (b.device.last?.temperature ?? Infinity),
  battery: (a, b) => (a.device.last?.battery ?? Infinity) - (b.device.last?.battery ?? Infinity),
  last: (a, b) => (b.device.last?.time ?? 0) - (a.device.last?.time ?? 0),
};

function limitsOf(device: Device): string {
  const { min_temperature: low, max_temperature: high } = device.limits ?? {};
  if (low === undefined && high === undefined) return "";
  return `${low ?? "…"} to ${high ?? "…"}`;
}

function columns(narrow: boolean, now: number, sort: (by: Order) => Pick<VirtualColumn<Row>, "onSort" | "sorted">): VirtualColumn<Row>[] {
  const name: VirtualColumn<Row> = {
    title: "device", width: narrow ? "minmax(0,1.5fr)" : "minmax(9rem,2fr)", className: "text", ...sort("name"),
    cell: r => (
      <span class="two-lines">
        <a href={link("device", r.device.id)}>{nameOf(r.device)}</a>
        <span class="soft">{[r.device.group, r.device.name ? `id ${r.device.id}` : ""].filter(Boolean).join(", ")}</span>
      </span>
    ),
  };
  const temperature: VirtualColumn<Row> = {
    title: narrow ? "°C" : "temperature", width: narrow ? "4.9rem" : "8rem", ...sort("temperature"),
    cell: r => (
      <span class="two-lines">
        {r.state === "too_hot" || r.state === "too_cold"
          ? <strong class="bad">{exactCelsius(r.device.last?.temperature)}</strong>
          : <strong>{celsius(r.device.last?.temperature)}</strong>}
        <span class="soft">{limitsOf(r.device)}</span>
      </span>
    ),
  };
  const state: VirtualColumn<Row> = {
    title: "state", width: narrow ? "6.2rem" : "8rem", className: "text", ...sort("state"),
    cell: r => <ConditionTag of={r.state} />,
  };
  if (narrow) return [name, temperature, state];
  return [
    name, state, temperature,
    { title: "battery", width: "6rem", ...sort("battery"), cell: r => (r.device.last ? `${r.device.last.battery} %` : "–") },
    { title: "last reading", width: "8rem", ...sort("last"), cell: r => (r.device.last ? `${age(now - r.device.last.time)} ago` : "–") },
  ];
}

export function Devices() {
  const { list, now, offered } = useFleet();
  const narrow = useNarrow();
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Condition | "any" | "ill">("any");
  const [order, setOrder] = useState<{ by: Order; back: boolean }>({ by: "state", back: false });

  const rows = useMemo(() => list.map((device): Row => ({ device, state: condition(device, now) })), [list, now]);
  const counts = useMemo(() => {
    const found = new Map<Condition, number>();
    for (const row of rows) found.set(row.state, (found.get(row.state) ?? 0) + 1);
    return found;
  }, [rows]);
  const wanted = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ device, state }: Row): boolean => {
      if (only !== "any" && (only === "ill" ? state === "well" || state === "inactive" : state !== only)) return false;
      const about = `${device.id} ${device.name ?? ""} ${device.group ?? ""} ${device.owner ?? ""}`.toLowerCase();
      return words.every(word => about.includes(word));
    };
    const compare = kOrders[order.by];
    const sorted = rows.filter(fits).sort((a, b) => compare(a, b) || kOrders.name(a, b));
    return order.back ? sorted.reverse() : sorted;
  }, [rows, text, only, order]);
  const sort = (by: Order) => ({
    onSort: () => setOrder(o => ({ by, back: o.by === by && !o.back })),
    ...(order.by === by ? { sorted: order.back ? ("descending" as const) : ("ascending" as const) } : {}),
  });
  if (offered === undefined) return <p class="soft">Reading …</p>;
  return (
    <>
      <div class="section-head"><h2>Devices</h2><span class="soft" role="status">{count(wanted.length)} of {count(rows.length)}</span></div>
      <form class="filters" role="search" onSubmit={e => e.preventDefault()}>
        <label>Find <input type="search" value={text} placeholder="name, group, id" onInput={e => setText(e.currentTarget.value)} /></label>
        <label>
          State{" "}
          <select value={only} onChange={e => setOnly(e.currentTarget.value as typeof only)}>
            <option value="any">any</option>
            <option value="ill">all but well</option>
            {(Object.keys(kConditions) as Condition[]).map(c => <option value={c} key={c}>{kConditions[c].text} ({count(counts.get(c) ?? 0)})</option>)}
          </select>
        </label>
      </form>
      <VirtualTable label="devices" rows={wanted} rowHeight={52} columns={columns(narrow, now, sort)}
                    keyOf={row => row.device.id} empty={rows.length ? "No device is like that." : "No devices yet."} />
    </>
  );
}
