/**
 * The test control path, there only with CONTROL=1: makes the host misbehave on purpose and tells
 * what it really accepted. Rules match a request in order; the first one that matches acts.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest } from "./fly-error.ts";
import type { Host } from "./host.ts";
import { noKnobs } from "./knobs.ts";
import { takeToken } from "./rate-buckets.ts";

/** JSON, or any text, which may be said many times over to make a huge one. */
export interface Said {
  status: number;
  body?: unknown;
  text?: string;
  repeat?: number;
}

export interface Rule {
  method?: string;
  /** A regular expression on the path, such as "/machines$". */
  path?: string;
  /** Text the JSON body must hold, such as `"region":"ams"`. */
  body?: string;
  /** Acts this often, then is spent. Without it: always. */
  times?: number;
  /** Acts on this share of the matching requests, by the seed. */
  share?: number;
  latencyMs?: number;
  /** Instead of doing it: this status and body. */
  answer?: Said;
  /** Do it, then break the connection. */
  loseAnswer?: boolean;
  /** Do it, then say this instead. */
  sayInstead?: Said;
}

interface Accepted {
  at: string;
  method: string;
  path: string;
  status: number;
  body: unknown;
  answered: boolean;
}

declare module "fastify" {
  interface FastifyRequest {
    faultRule?: Rule;
  }
}

const keptTruth = 20_000;

export class Control {
  readonly #host: Host;
  #rules: Rule[] = [];
  #seed = 1;
  #truth: Accepted[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  routes(server: FastifyInstance): void {
    const host = this.#host;
    server.put<{ Body: { rules?: Rule[]; knobs?: object; seed?: number } }>(
      "/__control/faults",
      async (request) => {
        const { rules = [], knobs = {}, seed = 1 } = request.body;
        const known = noKnobs();
        for (const name of Object.keys(knobs)) if (!(name in known)) throw badRequest(`unknown knob ${name}`);
        for (const rule of rules) if (rule.path !== undefined) new RegExp(rule.path);
        this.#rules = rules.map((rule) => ({ ...rule }));
        this.#seed = seed;
        Object.assign(host.knobs, known, knobs);
        return { rules: this.#rules, knobs: host.knobs };
      },
    );
    server.get("/__control/truth", async () => this.#truth);
    server.delete("/__control/truth", async () => {
      this.#truth = [];
      return { ok: true };
    });
    server.get("/__control/machines", async () =>
      [...host.machines.values()].map(({ record }) => ({
        id: record.id,
        app: record.app,
        state: record.state,
        process: record.process,
      })),
    );
    server.post<{ Body: { name: string } }>("/__control/foreign-apps", async (request) => {
      await host.createApp({ name: request.body.name, org: "somebody-else" });
      return { ok: true };
    });
  }

  /** Before the handler: latency, refusals, real buckets. Answers true when the request is over. */
  async before(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const rule = this.#pick(request);
    if (rule?.latencyMs !== undefined) await pause(rule.latencyMs);
    if (rule?.answer !== undefined) {
      await say(reply, rule.answer);
      return true;
    }
    if (this.#host.knobs.buckets && !takeToken(request.method, request.url)) {
      await reply.code(429).send({ error: "rate limit exceeded" });
      return true;
    }
    if (rule !== undefined) request.faultRule = rule;
    return false;
  }

  /** After the handler: the truth first, on disk, then whatever the rule makes of the answer. */
  async after(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const rule = request.faultRule;
    const changes = request.method !== "GET" && reply.statusCode < 300;
    if (changes) await this.#remember(request, reply, rule?.loseAnswer !== true);
    if (rule?.loseAnswer === true && reply.statusCode < 300) {
      request.raw.socket.destroy();
      return payload;
    }
    const instead = rule?.sayInstead;
    if (instead === undefined) return payload;
    void reply
      .code(instead.status)
      .header("content-type", instead.text === undefined ? "application/json" : "text/html");
    const text = instead.text?.repeat(instead.repeat ?? 1) ?? JSON.stringify(instead.body ?? {});
    void reply.header("content-length", Buffer.byteLength(text));
    return text;
  }

  #pick(request: FastifyRequest): Rule | undefined {
    const path = request.url.split("?")[0] ?? "";
    const body = JSON.stringify(request.body ?? null);
    for (const rule of this.#rules) {
      if (rule.times === 0) continue;
      if (rule.method !== undefined && rule.method !== request.method) continue;
      if (rule.path !== undefined && !new RegExp(rule.path).test(path)) continue;
      if (rule.body !== undefined && !body.includes(rule.body)) continue;
      if (rule.share !== undefined && this.#random() >= rule.share) continue;
      if (rule.times !== undefined) rule.times -= 1;
      return rule;
    }
    return undefined;
  }

  /** mulberry32: the same seed gives the same run. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  async #remember(request: FastifyRequest, reply: FastifyReply, answered: boolean): Promise<void> {
    const accepted: Accepted = {
      at: new Date().toISOString(),
      method: request.method,
      path: request.url,
      status: reply.statusCode,
      body: request.body ?? null,
      answered,
    };
    this.#truth.push(accepted);
    if (this.#truth.length > keptTruth) this.#truth.shift();
    const file = await open(join(this.#host.settings.dataDir, "truth.ndjson"), "a", 0o600);
    await file.appendFile(`${JSON.stringify(accepted)}\n`);
    await file.sync();
    await file.close();
  }
}

async function say(reply: FastifyReply, answer: Said): Promise<void> {
  if (answer.text === undefined) await reply.code(answer.status).send(answer.body ?? {});
  else
    await reply
      .code(answer.status)
      .type("text/html")
      .send(answer.text.repeat(answer.repeat ?? 1));
}
