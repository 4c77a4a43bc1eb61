// The shell: header, navigation by what the process offers, and the view that the address names.

import { render, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Refused } from "./api";
import { useFleet } from "./fleet";
import { plural, span } from "./format";
import { live, useLive } from "./live";
import { Notice } from "./parts/basics";
import { TokenDialog } from "./parts/access";
import { useRoute, type Route } from "./route";
import { Alerts } from "./views/alerts";
import { Component } from "./views/component";
import { DeadLettersView } from "./views/dead_letters";
import { DeviceView } from "./views/device";
import { Devices } from "./views/devices";
import { Gateways } from "./views/gateways";
import { Lags } from "./views/lag";
import { LogView } from "./views/log";
import { Overview } from "./views/overview";
import { TapView } from "./views/tap";

interface Place { name: string; title: string; path?: string; offered: boolean }

const kAskAgainMs = 2000;

/** Whether each path is there, asked once for every run of the process. */
function useOffers(paths: string[]): Map<string, boolean> {
  const { run, connection } = useLive();
  const [found, set] = useState(new Map<string, boolean>());
  const there = connection === "there";
  useEffect(() => {
    if (!there) return;
    const ended = new AbortController();
    const told = (path: string, offered: boolean): void => set(old => new Map(old).set(path, offered));
    const ask = async (path: string): Promise<void> => {
      while (!ended.signal.aborted) {
        try {
          await get(path, ended.signal);
          return told(path, true);
        } catch (error) {
          // Anything but an answer says nothing: a busy process may need longer.
          if (error instanceof Refused && error.status !== 503) return told(path, error.status !== 404);
        }
        await new Promise(resolve => setTimeout(resolve, kAskAgainMs));
      }
    };
    for (const path of paths) void ask(path);
    return () => ended.abort();
  }, [run, there]);
  return found;
}

function usePlaces(): Place[] {
  const { process } = useLive();
  const fleet = useFleet();
  const offers = useOffers(["/api/v1/dead-letters", "/api/v1/alerts?limit=1", "/api/v1/gateways", "/api/v1/logs?limit=1"]);
  return [
    { name: "", title: "Graph", offered: true },
    { name: "devices", title: "Devices", offered: fleet.offered === true },
    { name: "alerts", title: "Alerts", offered: offers.get("/api/v1/alerts?limit=1") === true },
    { name: "gateways", title: "Gateways", offered: offers.get("/api/v1/gateways") === true },
    { name: "lag", title: "Lag", offered: (process?.topologies.length ?? 0) > 0 },
    { name: "dead-letters", title: "Dead letters", offered: offers.get("/api/v1/dead-letters") === true },
    { name: "tap", title: "Tap", offered: (process?.taps.length ?? 0) > 0 },
    { name: "log", title: "Log", offered: offers.get("/api/v1/logs?limit=1") === true },
  ];
}

function State() {
  const { connection, process } = useLive();
  if (connection === "away") return <span class="state bad">away</span>;
  if (!process) return <span class="state soft">connecting</span>;
  if (process.state !== "running") return <span class="state bad">{process.state}</span>;
  return process.readiness.ready ? <span class="state good">running</span> : <span class="state bad">not ready</span>;
}

function Away() {
  const { connection, awaySince } = useLive();
  const [back, setBack] = useState(false);
  const was = useRef(connection);
  useEffect(() => {
    if (was.current === "away" && connection === "there") {
      setBack(true);
      setTimeout(() => setBack(false), 6000);
    }
    was.current = connection;
  }, [connection]);
  // One region that is always there, or a screen reader would not say what comes into it.
  return (
    <div class="away" role="status">
      {connection === "away" && (
        <p class="notice bad">The process does not answer since {span(Date.now() - awaySince)}. What is shown is from before; this page comes back by itself.</p>
      )}
      {connection === "there" && back && <p class="notice good">The process answers again.</p>}
    </div>
  );
}

function Reasons() {
  const { process, connection } = useLive();
  if (!process || connection !== "there" || process.readiness.ready || process.state !== "running") return null;
  return (
    <div class="notice bad" role="status">
      <strong>Not ready</strong>: {plural(process.readiness.reasons.length, "reason")}
      <ul>{process.readiness.reasons.map(r => <li key={r.kind + r.text}>{[r.topology, r.component].filter(Boolean).join("/")} {r.text}</li>)}</ul>
    </div>
  );
}

function Header({ places, route }: { places: Place[]; route: Route }) {
  const { process } = useLive();
  const at = { component: "", device: "devices" }[route.parts[0] ?? ""] ?? route.parts[0] ?? "";
  const nav = useRef<HTMLElement>(null);
  const offered = places.filter(p => p.offered);
  useEffect(() => {
    // On a narrow screen, where the pages do not fit, the one that is open stays in sight.
    const tab = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (nav.current && tab) nav.current.scrollLeft = tab.offsetLeft - nav.current.offsetLeft - (nav.current.clientWidth - tab.offsetWidth) / 2;
  }, [at, offered.length]);
  return (
    <header class="top">
      <div class="title">
        <h1><a href="#/">{process?.program ?? "Bora"}</a></h1>
        <span class="soft version">{process?.version}</span>
        <State />
        <span class="soft">{process && `up ${span(process.uptime_ms)}`}</span>
      </div>
      <nav aria-label="pages" ref={nav}>
        {offered.map(p => (
          <a key={p.name} href={`#/${p.name}`} aria-current={p.name === at ? "page" : undefined}>{p.title}</a>
        ))}
      </nav>
    </header>
  );
}

function View({ route }: { route: Route }): ComponentChildren {
  const [first, second, third] = route.parts;
  switch (first) {
    case undefined: return <Overview />;
    case "component": return <Component topology={second ?? ""} name={third ?? ""} key={`${second}/${third}`} />;
    case "devices": return <Devices />;
    case "device": return <DeviceView id={second ?? ""} key={second} />;
    case "alerts": return <Alerts />;
    case "gateways": return <Gateways />;
    case "lag": return <Lags />;
    case "dead-letters": return <DeadLettersView {...(second ? { chosen: second } : {})} />;
    case "tap": return <TapView {...(second ? { chosen: second } : {})} />;
    case "log": return <LogView />;
    default: return <Notice kind="soft">There is no such page. <a href="#/">To the graph</a></Notice>;
  }
}

function App() {
  const { process, connection, whyAway } = useLive();
  const route = useRoute();
  const places = usePlaces();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(location.hash);
  const where = route.parts.join(" / ");
  useEffect(() => {
    document.title = [where, process?.program ?? "Bora"].filter(Boolean).join(" · ");
  }, [where, process?.program]);
  // A new view: the next Tab, and a screen reader, begin there. Not when the page itself was just opened.
  useEffect(() => {
    if (shown.current !== location.hash) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    shown.current = location.hash;
  }, [where]);
  return (
    <>
      <a class="skip" href="#content" onClick={event => { event.preventDefault(); main.current?.focus(); }}>To the content</a>
      <Header places={places} route={route} />
      <Away />
      <main id="content" ref={main} tabIndex={-1}>
        <Reasons />
        {connection === "locked" && <TokenDialog onDone={() => live.hurry()} onClose={() => {}} />}
        {process ? <View route={route} /> : connection === "away" ? <p class="soft">No answer yet: {whyAway}</p> : <p class="soft">Reading …</p>}
      </main>
      <footer class="soft"><a href="/metrics">metrics</a> <a href="/readyz">readiness</a> <a href="/api/v1/openapi.yaml">API</a></footer>
    </>
  );
}

const place = document.getElementById("app");
if (place) render(<App />, place);
