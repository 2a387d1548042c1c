import type { Deps } from "../deps.ts";
import { gatewayAddress } from "./address.ts";
import { suspensionEvent } from "./frames.ts";
import { connect } from "./gateway-client.ts";
import { GatewayRefusal } from "./refusal.ts";

/** The part of `Deps` a line to a bot needs; the whole fits. */
export interface ProbeDeps {
  readonly clock: Deps["clock"];
  readonly config: { readonly fly: Pick<Deps["config"]["fly"], "dialUrl"> };
}

export interface BotDoor {
  botId: string;
  flyAppId: string;
  /** Opened from its envelope; never logged. */
  gatewayToken: string;
}

/**
 * Whether a bot can be talked to, by talking to it: resolves after a real handshake, once the gateway
 * takes work (a prepared suspension that nobody lifted ends by itself within two minutes). `bootId`
 * is new after every start of the gateway's process: the same one means that it was resumed.
 * @throws {GatewayRefusal} (`bot_unreachable`); `kind` "refused" means the token is wrong.
 */
export async function probeGateway(
  deps: ProbeDeps,
  bot: BotDoor,
  signal: AbortSignal,
): Promise<{ bootId: string; version: string }> {
  const working = Promise.withResolvers<void>();
  const connection = await connect(gatewayAddress(deps.config, bot.flyAppId), bot.gatewayToken, {
    clock: deps.clock,
    signal,
    onEvent: (name, payload) => {
      if (name !== "gateway.suspension") return;
      if (suspensionEvent.safeParse(payload).data?.phase === "accepting") working.resolve();
    },
    onClose: (why) => working.reject(new GatewayRefusal("unreachable", why)),
  });
  const cut = () => working.reject(new GatewayRefusal("unreachable", "the probe was called off"));
  signal.addEventListener("abort", cut, { once: true });
  try {
    if (connection.hello.snapshot.suspension.phase === "accepting") working.resolve();
    await working.promise;
    return connection.hello.server;
  } finally {
    signal.removeEventListener("abort", cut);
    connection.close();
  }
}
