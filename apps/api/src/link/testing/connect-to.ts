/** A connection to a scripted door, with the events it brings. */
import type { TestContext } from "node:test";
import { systemClock } from "../../clock.ts";
import { gatewayAddress } from "../address.ts";
import { connect, type ConnectOptions } from "../gateway-client.ts";
import { type ScriptedDoor, TOKEN } from "./scripted-door.ts";

/** Connects to a scripted door; everything is closed with the test. */
export async function connectTo(
  t: TestContext,
  door: ScriptedDoor,
  more: Partial<ConnectOptions> & { token?: string } = {},
) {
  const events: { name: string; payload: unknown }[] = [];
  const closed = Promise.withResolvers<string>();
  const cancel = new AbortController();
  const { token = TOKEN, ...options } = more;
  const connection = await connect(addressOf(door), token, {
    clock: systemClock(),
    signal: cancel.signal,
    onEvent: (name, payload) => events.push({ name, payload }),
    onClose: closed.resolve,
    ...options,
  });
  t.after(() => connection.close());
  return { connection, events, closed: closed.promise, cancel };
}

const addressOf = (door: ScriptedDoor) => gatewayAddress({ fly: { dialUrl: door.url } }, "molt-bot-1");
