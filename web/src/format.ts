// Numbers and times as people read them. Pure, but for the browser's language and time zone.

const kCounts = new Intl.NumberFormat("en");

export const count = (n: number): string => kCounts.format(Math.round(n));

/** Tuples a second; undefined is "not known yet". */
export function rate(n: number | undefined): string {
  if (n === undefined) return "–";
  if (n >= 1e6) return `${(n / 1e6).toFixed(2)} M/s`;
  if (n >= 1e4) return `${(n / 1e3).toFixed(1)} k/s`;
  if (n > 0 && n < 10) return `${n.toFixed(1)}/s`;
  return `${Math.round(n)}/s`;
}

export function nanoseconds(ns: number): string {
  if (ns >= 60e9) return span(ns / 1e6);
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(1)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)} ms`;
  if (ns >= 1e3) return `${(ns / 1e3).toFixed(ns < 1e4 ? 1 : 0)} µs`;
  return `${Math.round(ns)} ns`;
}

/** A duration by its two largest units: "3 min 12 s". */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor(s / 3600) % 24} h`;
}

/** A duration by its largest unit, for a column: "3 min". */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} days`;
}

export const percent = (share: number | undefined): string =>
  share === undefined ? "–" : `${Math.round(share * 100)} %`;

/** To the hundredth: 30.21 is above a limit of 30.2, and has to look so. */
export const exactCelsius = (n: number | undefined): string => (n === undefined ? "–" : `${Number(n.toFixed(2))} °C`);

export const celsius = (n: number | undefined): string => (n === undefined ? "–" : `${n.toFixed(1)} °C`);

export function bytes(n: number): string {
  if (n >= 1 << 30) return `${(n / (1 << 30)).toFixed(1)} GiB`;
  if (n >= 1 << 20) return `${(n / (1 << 20)).toFixed(1)} MiB`;
  if (n >= 1 << 10) return `${(n / (1 << 10)).toFixed(1)} KiB`;
  return `${n} B`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Local, without what a reader knows: "14:03:22" today, else "2016-06-20 14:03". */
export function moment(ms: number, now: number): string {
  const at = new Date(ms);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return `${clock}:${two(at.getSeconds())}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

export const utc = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** Where a record is, as far as that is known: "readings/3/4711". */
export const position = (at: { topic?: string; partition?: number; offset?: number }): string =>
  [at.topic, at.partition, at.offset].filter(part => part !== undefined).join("/");
