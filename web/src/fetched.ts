// Answers of one path, asked for again every so often and for every run of the process.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, Refused } from "./api";
import { useLive } from "./live";

export interface Fetched<T> {
  answer?: T;
  /** The path is not there: the process does not offer it. */
  absent: boolean;
  error?: string;
  again: () => void;
}

/** `path` undefined asks nothing. `everyMs` 0 asks once per path and run. */
export function useFetched<T>(path: string | undefined, everyMs: number): Fetched<T> {
  const { run, connection } = useLive();
  const [state, setState] = useState<{ answer?: T; absent: boolean; error?: string; path?: string }>({ absent: false });
  const hurry = useRef<() => void>(() => {});
  const there = connection === "there";
  useEffect(() => {
    if (!path || !there) return;
    const ended = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const answer = await get<T>(path, ended.signal);
        if (!ended.signal.aborted) setState({ answer, absent: false, path });
      } catch (error) {
        if (ended.signal.aborted) return;
        const absent = error instanceof Refused && error.status === 404;
        setState(old => ({ ...old, absent, error: error instanceof Error ? error.message : String(error), path }));
      }
    };
    const loop = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        await look();
        await new Promise<void>(resolve => {
          hurry.current = resolve;
          if (everyMs > 0) setTimeout(resolve, everyMs);
          ended.signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    };
    void loop();
    return () => ended.abort();
  }, [path, everyMs, run, there]);
  return { answer: state.answer, absent: state.absent, error: state.error, again: () => hurry.current() };
}
