/**
 * Reads the parameters of one request. What was not read when the request is done is unknown to the
 * stand-in and refused, as Stripe refuses it: nothing is ignored in silence.
 */
import { invalid } from "./errors.ts";
import type { Tree } from "./form.ts";
import type { Metadata } from "./types.ts";

export class Params {
  readonly #tree: Tree;
  readonly #prefix: string;
  readonly #seen = new Set<string>();
  readonly #children = new Map<string, Params>();

  constructor(tree: Tree, prefix = "") {
    this.#tree = tree;
    this.#prefix = prefix;
  }

  #name(key: string): string {
    return this.#prefix === "" ? key : `${this.#prefix}[${key}]`;
  }

  has(key: string): boolean {
    return this.#tree[key] !== undefined;
  }

  /** Undefined when absent; "" means the caller sent null. */
  text(key: string, maxLength = 5000): string | undefined {
    this.#seen.add(key);
    const value = this.#tree[key];
    if (value === undefined) return undefined;
    if (typeof value !== "string")
      throw invalid(`Invalid string: ${this.#name(key)}`, { param: this.#name(key) });
    if (value.length > maxLength || value.includes("\u0000")) {
      throw invalid(`Invalid ${this.#name(key)}: must be at most ${maxLength} characters without NUL`, {
        param: this.#name(key),
      });
    }
    return value;
  }

  needText(key: string): string {
    const value = this.text(key);
    if (value === undefined) {
      throw invalid(`Missing required param: ${this.#name(key)}.`, {
        code: "parameter_missing",
        param: this.#name(key),
      });
    }
    if (value === "") {
      throw invalid(`You passed an empty string for '${this.#name(key)}'.`, {
        code: "parameter_invalid_empty",
        param: this.#name(key),
      });
    }
    return value;
  }

  /** Absent or "" is null: for fields that can be cleared. */
  orNull(key: string): string | null {
    const value = this.text(key);
    return value === undefined || value === "" ? null : value;
  }

  integer(key: string, range: { min?: number; max?: number } = {}): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= (range.min ?? -Infinity) && number <= (range.max ?? Infinity))) {
      throw invalid(`Invalid integer: ${value.slice(0, 40)}`, {
        code: "parameter_invalid_integer",
        param: this.#name(key),
      });
    }
    return number;
  }

  flag(key: string): boolean | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (value !== "true" && value !== "false") {
      throw invalid(`Invalid boolean: ${value.slice(0, 40)}`, { param: this.#name(key) });
    }
    return value === "true";
  }

  choice<const T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const found = allowed.find((option) => option === value);
    if (found === undefined) {
      throw invalid(`Invalid ${this.#name(key)}: must be one of ${allowed.join(", ")}`, {
        param: this.#name(key),
      });
    }
    return found;
  }

  needChoice<const T extends string>(key: string, allowed: readonly T[]): T {
    this.needText(key);
    const value = this.choice(key, allowed);
    if (value === undefined) throw new RangeError(`expected ${key} to be present`);
    return value;
  }

  url(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined || value === "") return undefined;
    if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
      throw invalid("Not a valid URL", { code: "url_invalid", param: this.#name(key) });
    }
    return value;
  }

  group(key: string): Params | undefined {
    this.#seen.add(key);
    const value = this.#tree[key];
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") throw invalid(`Invalid object`, { param: this.#name(key) });
    const child = this.#children.get(key) ?? new Params(value, this.#name(key));
    this.#children.set(key, child);
    return child;
  }

  needGroup(key: string): Params {
    const child = this.group(key);
    if (!child) {
      throw invalid(`Missing required param: ${this.#name(key)}.`, {
        code: "parameter_missing",
        param: this.#name(key),
      });
    }
    return child;
  }

  groups(key: string): Params[] {
    const list = this.group(key);
    return list === undefined ? [] : list.#keys().flatMap((index) => list.group(index) ?? []);
  }

  texts(key: string): string[] {
    const list = this.group(key);
    return list === undefined ? [] : list.#keys().map((index) => list.needText(index));
  }

  map(key: string): Metadata | undefined {
    const group = this.group(key);
    if (!group) return this.#tree[key] === "" ? {} : undefined;
    const keys = group.#keys();
    if (keys.length > 50) throw invalid("Metadata may have at most 50 keys.", { param: this.#name(key) });
    return Object.fromEntries(keys.map((name) => [name.slice(0, 40), group.text(name, 500) ?? ""]));
  }

  #keys(): string[] {
    return Object.keys(this.#tree);
  }

  /** @throws {StripeError} naming the first parameter nobody read. */
  end(): void {
    const unread = this.#keys().find((key) => !this.#seen.has(key));
    if (unread !== undefined) {
      throw invalid(`Received unknown parameter: ${this.#name(unread)}`, {
        code: "parameter_unknown",
        param: this.#name(unread),
      });
    }
    for (const child of this.#children.values()) child.end();
  }
}

/** Stripe's rule for updates: named keys are set, an empty value removes the key, `""` clears all. */
export function mergeMetadata(old: Metadata, change: Metadata | undefined): Metadata {
  if (change === undefined) return old;
  if (Object.keys(change).length === 0) return {};
  return Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== ""));
}
