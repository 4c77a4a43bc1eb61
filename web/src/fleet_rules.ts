// What there is to say of a device, and what an answer changes. Pure.

import type { Device, DevicesAnswer } from "./api";

export type Condition = "too_hot" | "too_cold" | "low_battery" | "silent" | "inactive" | "never" | "well";

const kSilentMs = 3_600_000;  // as the topology `alerts` has it by default

/** The worst thing that holds of a device at `now`. */
export function condition(device: Device, now: number): Condition {
  if (device.state === "inactive") return "inactive";
  const { last, limits } = device;
  if (!last) return "never";
  if (now - last.time > kSilentMs) return "silent";
  if (limits?.max_temperature !== undefined && last.temperature > limits.max_temperature) return "too_hot";
  if (limits?.min_temperature !== undefined && last.temperature < limits.min_temperature) return "too_cold";
  if (limits?.min_battery !== undefined && last.battery < limits.min_battery) return "low_battery";
  return "well";
}

export const kConditions: Record<Condition, { text: string; rank: number }> = {
  too_hot: { text: "too hot", rank: 0 },
  too_cold: { text: "too cold", rank: 1 },
  silent: { text: "silent", rank: 2 },
  low_battery: { text: "low battery", rank: 3 },
  never: { text: "no reading yet", rank: 4 },
  inactive: { text: "inactive", rank: 5 },
  well: { text: "well", rank: 6 },
};

/** What an answer makes of what was known. The array is a new one, its devices are kept where they did not change. */
export function merged(known: Map<string, Device>, answer: DevicesAnswer): Map<string, Device> {
  const devices = answer.all ? new Map<string, Device>() : new Map(known);
  for (const device of answer.devices) devices.set(device.id, device);
  for (const id of answer.deleted ?? []) devices.delete(id);
  return devices;
}
