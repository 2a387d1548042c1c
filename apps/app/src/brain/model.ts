/** The brain as the picture needs it: nodes with a radius and a colour's name, edges by index. Pure. */
import type { Palette } from "@molt/brand";
import type { Brain, BrainNode, BrainNodeKind } from "@molt/contract";

export interface ModelNode {
  readonly id: string;
  readonly kind: BrainNodeKind;
  readonly label: string;
  readonly r: number;
  readonly active: boolean;
  /** Indexes of the nodes it is tied to. */
  readonly near: readonly number[];
}

export interface Model {
  readonly nodes: readonly ModelNode[];
  readonly edges: readonly (readonly [number, number])[];
}

/** Which colour of the brand a kind of node wears. Exhaustive: a new kind fails to compile here. */
export const inkOf = {
  self: "shell",
  memory: "thought",
  skill: "kelp",
  tool: "muted",
  channel: "amber",
  schedule: "danger",
  conversation: "edge",
} satisfies Record<BrainNodeKind, keyof Palette>;

export const kindWords = {
  self: "Itself",
  memory: "Memories",
  skill: "Skills",
  tool: "Tools",
  channel: "Channels",
  schedule: "Schedule",
  conversation: "Conversations",
} satisfies Record<BrainNodeKind, string>;

const baseRadius = {
  self: 26,
  memory: 9,
  skill: 8,
  tool: 5,
  channel: 9,
  schedule: 8,
  conversation: 7,
} satisfies Record<BrainNodeKind, number>;

const personaRadius = 13;

/** Grows with the logarithm of its size: a book is bigger than a note, but not a thousand times. */
export function radiusOf(node: Pick<BrainNode, "id" | "kind" | "size">): number {
  // What it is written in: its character, how it works, what it knows of its person.
  if (node.kind === "self" && node.id !== "self") return personaRadius;
  if (node.size === null || node.kind === "self") return baseRadius[node.kind];
  // Files are counted in bytes, conversations in tokens, which come in larger numbers.
  const unit = node.kind === "conversation" ? 8192 : 512;
  const grown = Math.min(8, Math.log2(1 + node.size / unit) * 1.4);
  return baseRadius[node.kind] + grown;
}

/** An edge to a node that is not there is dropped: the picture shows what it has. */
export function modelOf(brain: Pick<Brain, "nodes" | "edges">): Model {
  const index = new Map(brain.nodes.map((node, i) => [node.id, i]));
  const edges: [number, number][] = [];
  const near: number[][] = brain.nodes.map(() => []);
  for (const { from, to } of brain.edges) {
    const [a, b] = [index.get(from), index.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    edges.push([a, b]);
    near[a]?.push(b);
    near[b]?.push(a);
  }
  const nodes = brain.nodes.map((node, i) => ({
    id: node.id,
    kind: node.kind,
    label: node.label,
    r: radiusOf(node),
    active: node.active,
    near: near[i] ?? [],
  }));
  return { nodes, edges };
}
