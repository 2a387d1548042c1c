import type { Plan } from "./environment.ts";

export interface Announcement {
  /** One line for programs instead of a page for people. */
  json: boolean;
  version: string;
  plan: Plan;
  /** Why the bots of this machine are not isolated; undefined where they are, or run elsewhere. */
  unwalled: string | undefined;
  began: number;
  pids: Record<string, number>;
}

/** The only words on standard output. */
export function announce({ plan, unwalled, began, pids, json, version }: Announcement): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (json) {
    console.log(
      JSON.stringify({
        event: "ready",
        ready: true,
        urls: plan.urls,
        ports: plan.ports,
        pids,
        dataDir: plan.dataDir,
        isolated: unwalled === undefined,
        version,
      }),
    );
    return;
  }
  const demo = plan.standIns.models
    ? "\n  The bots talk to a demo model. Put ANTHROPIC_API_KEY (or OPENAI_API_KEY) in the environment for a real one."
    : "";
  const warning =
    unwalled === undefined
      ? ""
      : `
  Bots are NOT isolated on this machine: ${unwalled}
  A bot can read what you can read, and so every key in the environment of this start${
    plan.standIns.models ? "" : ", your model provider's among them"
  }.
  Let nobody talk to a bot here whom you would not give those keys. On Linux with user namespaces, or
  started as root with mount, unshare and setpriv (util-linux), each bot gets a room of its own.
`;
  console.log(`
  Molt-OS is running (${seconds} s). Nothing leaves this machine.

    Start here   ${plan.urls.landing}
    The app      ${plan.urls.app}
    Mails        ${plan.urls.mail}
    Api          ${plan.urls.api}/openapi.json
    Logs, data   ${plan.dataDir}
${demo}${warning}
  Ctrl-C stops everything; the next start continues with the same data.
`);
}
