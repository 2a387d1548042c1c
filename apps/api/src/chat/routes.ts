/** GET /messages and WS /chat, wired to the conversations of this process. */
import type { Server as HttpServer } from "node:http";
import { type ClientFrame, listMessages } from "@molt/contract";
import { withUser } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { findBotOfUser, viewBot } from "../fleet/view-bot.ts";
import { wakeBot } from "../fleet/wake-bot.ts";
import type { Authenticator } from "../http/authenticate.ts";
import { serve, type Server } from "../http/serve.ts";
import { accountState } from "../accounts/account-state.ts";
import { BudgetNews } from "./budget-news.ts";
import { closeEnded } from "./close-ended.ts";
import { Conversations, type Links } from "./conversations.ts";
import { type Device, Devices } from "./device.ts";
import { openChatSockets } from "./socket.ts";
import { appendBotMessage, appendUserMessage, selectAfter, selectBefore } from "./table.ts";

/** What a device gets on joining; older messages come by GET /messages. */
const CATCH_UP = 200;

export interface Chat {
  /** The open lines to bots, for features that read from them (Brain View). */
  links: Links;
  close(): Promise<void>;
}

export function chatRoutes(server: Server, deps: Deps): void {
  serve(server, listMessages, async ({ before, limit }, caller) =>
    withUser(deps.db, caller.userId, async (trx) => {
      const bot = await findBotOfUser(trx, caller.userId);
      if (!bot) return { messages: [], hasMore: false };
      return selectBefore(trx, bot.id, { before, limit });
    }),
  );
}

/** Opens the sockets and the lines to the bots. One process of this role at a time (decision 0007). */
export function openChat(deps: Deps, options: { server: HttpServer; authenticator: Authenticator }): Chat {
  const devices = new Devices();
  const conversations = new Conversations(deps, devices);
  const budgets = new BudgetNews(deps, devices);
  const stopClosing = closeEnded(deps, devices);
  const sockets = openChatSockets({
    ...options,
    deps,
    devices,
    chat: {
      join: (device, after) => join(deps, { device, after, conversations, budgets }),
      receive: (device, frame) => receive(deps, { device, frame, devices, conversations }),
    },
  });
  return {
    links: conversations,
    async close() {
      stopClosing();
      await sockets.close();
      await budgets.close();
      await conversations.close();
    },
  };
}

interface Joining {
  device: Device;
  after: number;
  conversations: Conversations;
  budgets: BudgetNews;
}

async function join(deps: Deps, { device, after, conversations, budgets }: Joining): Promise<void> {
  // Looked at again now that the device is known: a deletion from here on finds it and closes it.
  if ((await accountState(deps.db, device.userId)) !== "open")
    throw new AppError("not_signed_in", "This account is being deleted.");
  const bot = await findBotOfUser(deps.db, device.userId);
  device.send({ t: "welcome", bot: bot ? viewBot(bot) : null, lastSeq: bot ? Number(bot.last_seq) : 0 });
  if (bot) {
    for (const message of await selectAfter(deps.db, bot.id, { after, limit: CATCH_UP }))
      device.send({ t: "message", message });
    const running = conversations.get(bot.id)?.running();
    if (running) device.send(running);
  }
  device.goLive();
  budgets.changed(device.userId, bot?.id);
}

interface Receiving {
  device: Device;
  frame: ClientFrame;
  devices: Devices;
  conversations: Conversations;
}

async function receive(deps: Deps, { device, frame, devices, conversations }: Receiving): Promise<void> {
  const bot = await findBotOfUser(deps.db, device.userId);
  if (!bot) throw new AppError("no_subscription", "You have no bot yet.");
  switch (frame.t) {
    case "send": {
      const appended = await appendUserMessage(deps.db, {
        botId: bot.id,
        clientId: frame.clientId,
        text: frame.text,
      });
      if (!appended)
        throw new AppError(
          "no_subscription",
          "Your bot is paused, so it cannot take messages. Everything it knows is kept.",
        );
      const { message } = appended;
      device.send({ t: "ack", clientId: frame.clientId, id: message.id, seq: message.seq });
      if (appended.duplicate) return;
      devices.tell(device.userId, { t: "message", message });
      if (bot.status !== "running") await wakeBot(deps, deps.db, bot.id);
      conversations.get(bot.id)?.wake();
      return;
    }
    case "abort": {
      if (await conversations.get(bot.id)?.abort(frame.messageId)) return;
      const stopped = {
        botId: bot.id,
        text: "",
        state: "stopped",
        replyTo: frame.messageId,
        runId: null,
      } as const;
      const message = await appendBotMessage(deps.db, stopped);
      if (!message) return; // answered meanwhile, or not a message to this bot
      devices.tell(device.userId, { t: "state", id: frame.messageId, state: "answered" });
      devices.tell(device.userId, { t: "message", message });
      return;
    }
    case "wake":
      if (bot.status === "asleep") await wakeBot(deps, deps.db, bot.id);
      return;
    case "hello":
    case "auth":
    case "ping":
      return; // the socket answers these itself
  }
}
