// A stream of events as state: the last so many, opened again after it broke.

import { useEffect, useState } from "preact/hooks";
import { events, Refused } from "./api";
import { useLive } from "./live";

export interface Streamed<T> { items: { id: number; item: T }[]; error?: string }

/** `path` undefined reads nothing. Every time that it is opened, it begins anew. */
export function useStream<T>(path: string | undefined, type: string, keep: number, held: boolean): Streamed<T> {
  const { connection, run } = useLive();
  const there = connection === "there";
  const [state, setState] = useState<Streamed<T>>({ items: [] });
  useEffect(() => {
    if (!path || !there || held) return;
    const ended = new AbortController();
    let id = 0;
    let waiting: { id: number; item: T }[] = [];
    // Many events in one frame are one change of the page.
    const flush = setInterval(() => {
      if (!waiting.length) return;
      const fresh = waiting;
      waiting = [];
      setState(old => ({ items: [...old.items, ...fresh].slice(-keep) }));
    }, 100);
    const read = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        setState({ items: [] });
        try {
          await events<T>(path, type, ended.signal, item => waiting.push({ id: ++id, item }));
        } catch (error) {
          if (ended.signal.aborted) return;
          setState(old => ({ ...old, error: error instanceof Error ? error.message : String(error) }));
          if (error instanceof Refused && error.status === 404) return;
        }
        await new Promise(resolve => setTimeout(resolve, 2000));
      }
    };
    void read();
    return () => {
      clearInterval(flush);
      ended.abort();
    };
  }, [path, type, keep, held, there, run]);
  return state;
}
