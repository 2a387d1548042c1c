import { unsubscribeMail } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { serve, type Server } from "../http/serve.ts";
import { unsubscribe } from "./choose-mails.ts";

export function mailRoutes(server: Server, deps: Deps): void {
  serve(server, unsubscribeMail, async ({ token }) => {
    await unsubscribe(deps, token);
    return { ok: true } as const;
  });
}
