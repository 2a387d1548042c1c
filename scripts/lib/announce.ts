import type { Plan } from "./environment.ts";

export interface Announcement {
  /** One line for programs instead of a page for people. */
  json: boolean;
  version: string;
  plan: Plan;
  began: number;
  pids: Record<string, number>;
}

/** The only words on standard output. */
export function announce({ plan, began, pids, json, version }: Announcement): void {
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
        version,
      }),
    );
    return;
  }
  const demo = plan.standIns.models
    ? "\n  The bots talk to a demo model. Put ANTHROPIC_API_KEY (or OPENAI_API_KEY) in the environment for a real one."
    : "";
  console.log(`
  Molt-OS is running (${seconds} s). Nothing leaves this machine.

    Start here   ${plan.urls.landing}
    The app      ${plan.urls.app}
    Mails        ${plan.urls.mail}
    Api          ${plan.urls.api}/openapi.json
    Logs, data   ${plan.dataDir}
${demo}
  Ctrl-C stops everything; the next start continues with the same data.
`);
}
