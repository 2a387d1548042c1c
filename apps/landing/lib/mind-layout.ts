/** Places the nodes of a mind on two rings around the self, grouped by kind. Always the same for the same mind. */
import type { Brain, BrainNode } from "@molt/contract";

export const MIND_SIZE = 400;
const CENTRE = MIND_SIZE / 2;
const RINGS = [104, 152] as const;
const ORDER: readonly BrainNode["kind"][] = [
  "memory",
  "schedule",
  "conversation",
  "channel",
  "skill",
  "tool",
];

export interface PlacedNode extends BrainNode {
  x: number;
  y: number;
}
export interface PlacedEdge {
  id: string;
  from: PlacedNode;
  to: PlacedNode;
}

/** More than this would be unreadable in a picture of this size. */
const MAX_AROUND = 22;

export function placeMind(brain: Pick<Brain, "nodes" | "edges">): {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
} {
  const self = brain.nodes.filter((node) => node.kind === "self").slice(0, 1);
  const around = ORDER.flatMap((kind) => brain.nodes.filter((node) => node.kind === kind)).slice(
    0,
    MAX_AROUND,
  );
  const nodes: PlacedNode[] = self.map((node) => ({ ...node, x: CENTRE, y: CENTRE }));
  around.forEach((node, index) => {
    const angle = (index / around.length) * 2 * Math.PI - Math.PI * 0.8;
    const radius = RINGS[index % RINGS.length] ?? RINGS[0];
    nodes.push({
      ...node,
      x: round(CENTRE + radius * Math.cos(angle)),
      y: round(CENTRE - 8 + radius * Math.sin(angle)),
    });
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edges = brain.edges.flatMap(({ from, to }): PlacedEdge[] => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a && b ? [{ id: `${from}>${to}`, from: a, to: b }] : [];
  });
  return { nodes, edges };
}

/** One decimal: server and browser print the same digits. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
