/** Words for what the picture shows. Pure. */
import type { Brain, BrainNode, BrainNodeKind } from "@molt/contract";
import { ago } from "../chat/days.ts";
import { shortCount } from "../usage/usage-format.ts";
import { kindWords } from "./model.ts";

export const kinds = Object.keys(kindWords) as BrainNodeKind[];

/** The nodes by kind, in the order of the legend; empty kinds are left out. */
export function groupsOf(nodes: readonly BrainNode[]): { kind: BrainNodeKind; nodes: BrainNode[] }[] {
  return kinds
    .map((kind) => ({ kind, nodes: nodes.filter((n) => n.kind === kind) }))
    .filter((g) => g.nodes.length > 0);
}

/** "Live", or "Asleep · as of 2 hours ago". */
export function freshness(brain: Pick<Brain, "live" | "takenAt">, nowMs: number): string {
  return brain.live ? "Live" : `Asleep · as of ${ago(brain.takenAt, nowMs)}`;
}

/** Bytes for files, tokens for conversations, nothing where size means nothing. */
export function sizeWords(node: Pick<BrainNode, "kind" | "size">): string | null {
  if (node.size === null) return null;
  if (node.kind === "conversation") return `${shortCount(node.size)} tokens`;
  return bytes(node.size);
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  return n < 1024 * 1024 ? `${(n / 1024).toFixed(1)} KB` : `${(n / 1024 / 1024).toFixed(1)} MB`;
}

/** What a node is tied to, by name. */
export function tiesOf(brain: Pick<Brain, "nodes" | "edges">, id: string): BrainNode[] {
  const ids = new Set(brain.edges.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : [])));
  return brain.nodes.filter((n) => ids.has(n.id));
}

/** The file behind a memory node, if the snapshot holds its text. Node ids name it: `memory:MEMORY.md`. */
export function fileOf(brain: Pick<Brain, "files">, node: BrainNode): Brain["files"][number] | null {
  const name = node.id.slice(node.id.indexOf(":") + 1);
  return brain.files.find((f) => f.name === name || f.name === node.label) ?? null;
}
