import type { Config } from "../config.ts";

/** Where a bot's door is reached: `/gateway` by WebSocket, the rest by HTTP with the same headers. */
export interface DoorAddress {
  /** ws://…/gateway */
  readonly url: string;
  /** The name under which the proxy knows the bot, where the dialled address is not that name itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A bot's private name is the same everywhere, `<app>.flycast`. Inside Fly's network it is dialled as
 * it is; elsewhere `config.fly.dialUrl` says where the proxy listens that answers to that name.
 */
export function gatewayAddress(
  config: { fly: Pick<Config["fly"], "dialUrl"> },
  flyAppId: string,
): DoorAddress {
  const name = `${flyAppId}.flycast`;
  const { dialUrl } = config.fly;
  if (dialUrl === null) return { url: `ws://${name}/gateway`, headers: {} };
  const url = new URL("/gateway", dialUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return { url: url.href, headers: { host: name } };
}
