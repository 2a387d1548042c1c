/**
 * The app's socket as a table of states: what happened in, what to do out. No clock, no network.
 * socket.ts obeys the effects. A device is "live" only after `welcome`: then the api has accepted the
 * token and replays what was missed.
 */

export type Phase =
  | "off" // not wanted
  | "opening" // socket or token on its way
  | "greeting" // hello sent, no welcome yet
  | "live"
  | "waiting" // lost; another try after the pause
  | "refused"; // the api does not know us, and a fresh token did not help

export interface ConnectionState {
  readonly phase: Phase;
  /** Tries since the last welcome. */
  readonly attempt: number;
  /** A ping is out and nothing came back since. */
  readonly pingOut: boolean;
  /** The next hello needs a token newer than the one refused. */
  readonly freshToken: boolean;
}

export type ConnectionEvent =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "opened" }
  | { readonly type: "closed"; readonly code: number }
  | { readonly type: "welcome" }
  | { readonly type: "heard" } // any other frame
  | { readonly type: "timer" }
  | { readonly type: "gap" } // a delta without its beginning
  | { readonly type: "nudge" }; // the network is back, the page is seen again, or somebody pressed Retry

export type Effect =
  | { readonly do: "open"; readonly freshToken: boolean }
  | { readonly do: "hello" }
  | { readonly do: "ping" }
  | { readonly do: "close" }
  | { readonly do: "timer"; readonly ms: number }
  | { readonly do: "clear-timer" };

export interface Step {
  readonly state: ConnectionState;
  readonly effects: readonly Effect[];
}

export const off: ConnectionState = { phase: "off", attempt: 0, pingOut: false, freshToken: false };

/** Socket, token and welcome each have this long. */
export const openTimeoutMs = 10_000;
export const pingEveryMs = 25_000;
export const pongTimeoutMs = 8_000;
/** The api does not accept the token (packages/contract, chat.ts). */
export const closeNotSignedIn = 4401;

/** 0.8 s doubling to 15 s, spread by a quarter either way so that devices do not return in step. */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(15_000, 800 * 2 ** Math.min(attempt, 10));
  return Math.min(15_000, Math.round(base * (0.75 + random * 0.5)));
}

/** One step. `random` in [0, 1) spreads the pauses. Total: an event without meaning in a phase changes nothing. */
export function step(state: ConnectionState, event: ConnectionEvent, random: number): Step {
  if (event.type === "stop") return { state: off, effects: [{ do: "clear-timer" }, { do: "close" }] };
  switch (state.phase) {
    case "off":
      return event.type === "start" ? open(state, { attempt: 0, freshToken: false }) : same(state);
    case "opening":
      if (event.type === "opened") {
        return { state: { ...state, phase: "greeting" }, effects: [{ do: "hello" }, timer(openTimeoutMs)] };
      }
      return lostOr(state, event, random);
    case "greeting":
      if (event.type === "welcome") return live();
      return lostOr(state, event, random);
    case "live":
      return whileLive(state, event, random);
    case "waiting":
      if (event.type !== "timer" && event.type !== "nudge") return same(state);
      return open(state, { attempt: state.attempt, freshToken: state.freshToken });
    case "refused":
      return event.type === "nudge" ? open(state, { attempt: 0, freshToken: true }) : same(state);
  }
}

const same = (state: ConnectionState): Step => ({ state, effects: [] });
const timer = (ms: number): Effect => ({ do: "timer", ms });

function open(state: ConnectionState, next: { attempt: number; freshToken: boolean }): Step {
  const opening: ConnectionState = { ...state, ...next, phase: "opening", pingOut: false };
  return { state: opening, effects: [{ do: "open", freshToken: next.freshToken }, timer(openTimeoutMs)] };
}

function live(): Step {
  return {
    state: { phase: "live", attempt: 0, pingOut: false, freshToken: false },
    effects: [timer(pingEveryMs)],
  };
}

function whileLive(state: ConnectionState, event: ConnectionEvent, random: number): Step {
  switch (event.type) {
    case "heard":
    case "welcome":
      return state.pingOut
        ? { state: { ...state, pingOut: false }, effects: [timer(pingEveryMs)] }
        : same(state);
    case "nudge":
      // A socket that slept through a tunnel looks open. Asking costs one frame and tells at once.
      return { state: { ...state, pingOut: true }, effects: [{ do: "ping" }, timer(pongTimeoutMs)] };
    case "timer":
      if (state.pingOut) return lose(state, random);
      return { state: { ...state, pingOut: true }, effects: [{ do: "ping" }, timer(pongTimeoutMs)] };
    case "gap": {
      const again = open(state, { attempt: 0, freshToken: false });
      return { state: again.state, effects: [{ do: "close" }, ...again.effects] };
    }
    case "closed":
      return lostOr(state, event, random);
    case "start":
    case "stop":
    case "opened":
      return same(state);
  }
}

/** Closed or silent. The first refusal is answered with a fresh token, the second one stands. */
function lostOr(state: ConnectionState, event: ConnectionEvent, random: number): Step {
  if (event.type === "timer") return lose(state, random);
  if (event.type !== "closed") return same(state);
  if (event.code !== closeNotSignedIn) return lose(state, random);
  if (state.freshToken) return { state: { ...off, phase: "refused" }, effects: [{ do: "clear-timer" }] };
  return open(state, { attempt: state.attempt, freshToken: true });
}

function lose(state: ConnectionState, random: number): Step {
  const waiting: ConnectionState = { ...state, phase: "waiting", attempt: state.attempt + 1, pingOut: false };
  return { state: waiting, effects: [{ do: "close" }, timer(backoffMs(state.attempt, random))] };
}
