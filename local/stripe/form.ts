/** The wire form of v1: `line_items[0][price]=x&expand[]=y`, in bodies and in query strings. */
import { invalid } from "./errors.ts";

export interface Tree {
  [key: string]: string | Tree;
}

const maxPairs = 1000;
const maxDepth = 6;

/** @throws {StripeError} 400 on a broken key, too many pairs or too deep a nesting. */
export function parseForm(text: string): Tree {
  const root: Tree = Object.create(null);
  let pairs = 0;
  for (const [key, value] of new URLSearchParams(text)) {
    if (++pairs > maxPairs) throw invalid(`Too many parameters: at most ${maxPairs}.`);
    insert(root, splitKey(key), value);
  }
  return root;
}

function splitKey(key: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key);
  if (!match) throw invalid(`Invalid parameter name: ${key.slice(0, 100)}`);
  const rest = [...(match[2] ?? "").matchAll(/\[([^[\]]*)\]/g)].map((m) => m[1] ?? "");
  if (rest.length > maxDepth) throw invalid(`Parameter nested too deeply: ${key.slice(0, 100)}`);
  return [match[1] ?? "", ...rest];
}

function insert(root: Tree, path: string[], value: string): void {
  let node = root;
  for (const [depth, raw] of path.entries()) {
    const key = raw === "" ? String(Object.keys(node).length) : raw;
    const next = node[key];
    if (depth === path.length - 1) {
      node[key] = value;
    } else if (typeof next === "object") {
      node = next;
    } else {
      const child: Tree = Object.create(null);
      node[key] = child;
      node = child;
    }
  }
}

/** The JSON of v2 in the form of v1, so that one reader of parameters serves both. */
export function formOfJson(value: unknown): string {
  const out = new URLSearchParams();
  const add = (name: string, part: unknown): void => {
    if (typeof part === "object" && part !== null) {
      for (const [key, inner] of Object.entries(part)) add(name === "" ? key : `${name}[${key}]`, inner);
    } else if (name !== "") {
      out.append(name, typeof part === "string" ? part : part === null ? "" : JSON.stringify(part));
    }
  };
  add("", value);
  return out.toString();
}
