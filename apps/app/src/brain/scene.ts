/**
 * One frame of the picture as a list of shapes. Pure: model, positions, clock and pointer in, shapes
 * out; draw.ts puts them on a canvas. Breath and pulses are functions of the clock, so that reduced
 * motion is simply a clock that stands still.
 */
import type { Palette } from "@molt/brand";
import type { Point, Positions, View } from "./layout.ts";
import { inkOf, type Model, type ModelNode } from "./model.ts";

export type Ink = keyof Palette;

export type Shape =
  | {
      readonly kind: "line";
      readonly from: Point;
      readonly to: Point;
      readonly ink: Ink;
      readonly alpha: number;
      readonly width: number;
    }
  | {
      readonly kind: "disc";
      readonly at: Point;
      readonly r: number;
      readonly ink: Ink;
      readonly alpha: number;
    }
  | {
      readonly kind: "ring";
      readonly at: Point;
      readonly r: number;
      readonly ink: Ink;
      readonly alpha: number;
      readonly width: number;
    }
  /** The claw, in the middle of it all. */
  | {
      readonly kind: "mark";
      readonly at: Point;
      readonly r: number;
      readonly ink: Ink;
      readonly alpha: number;
    }
  | {
      readonly kind: "label";
      readonly at: Point;
      readonly text: string;
      readonly ink: Ink;
      readonly alpha: number;
      readonly strong: boolean;
    };

export interface SceneInput {
  readonly model: Model;
  readonly positions: Positions;
  readonly view: View;
  /** Ms; constant when motion is reduced. */
  readonly t: number;
  readonly selected: string | null;
  readonly hovered: string | null;
  /** A sleeping mind is drawn paler and does not pulse. */
  readonly live: boolean;
}

const maxPulses = 100;
const maxLabel = 26;

export function sceneOf(input: SceneInput): Shape[] {
  const { model, positions, view } = input;
  const at = model.nodes.map((node) => project(positions[node.id] ?? { x: 0, y: 0 }, view));
  const focus = model.nodes.findIndex((node) => node.id === (input.hovered ?? input.selected));
  const near = focus < 0 ? null : new Set([focus, ...(model.nodes[focus]?.near ?? [])]);
  const shapes: Shape[] = [];
  for (const [a, b] of model.edges) shapes.push(...edge({ input, at, near, a, b, i: shapes.length }));
  const labels: Label[] = [];
  model.nodes.forEach((node, i) => {
    const drawn = nodeShapes({
      input,
      node,
      i,
      at: at[i] ?? { x: 0, y: 0 },
      dim: near !== null && !near.has(i),
      focus: i === focus,
    });
    for (const shape of drawn) {
      if (shape.kind === "label") labels.push({ shape, weight: weightOf(node, i === focus) });
      else shapes.push(shape);
    }
  });
  return [...shapes, ...spaced(labels)];
}

interface Label {
  readonly shape: Extract<Shape, { kind: "label" }>;
  readonly weight: number;
}

const weightOf = (node: ModelNode, focus: boolean) =>
  (focus ? 1000 : 0) + (node.kind === "self" ? 500 : 0) + (node.active ? 50 : 0) + node.r;

/** Names that would lie on each other are left out, the weightier one stays. Sizes in CSS pixels of the label's font. */
function spaced(labels: readonly Label[]): Shape[] {
  const kept: Label["shape"][] = [];
  for (const { shape } of labels.toSorted((a, b) => b.weight - a.weight)) {
    const free = kept.every((other) => {
      const halves = ((shape.text.length + other.text.length) * charWidth) / 2 + 6;
      return Math.abs(other.at.x - shape.at.x) > halves || Math.abs(other.at.y - shape.at.y) > lineHeight;
    });
    if (free) kept.push(shape);
  }
  return kept;
}

const charWidth = 6.4;
const lineHeight = 15;

export const project = (p: Point, view: View): Point => ({
  x: p.x * view.scaleX + view.dx,
  y: p.y * view.scaleY + view.dy,
});

interface EdgeInput {
  readonly input: SceneInput;
  readonly at: readonly Point[];
  readonly near: ReadonlySet<number> | null;
  readonly a: number;
  readonly b: number;
  readonly i: number;
}

function edge({ input, at, near, a, b, i }: EdgeInput): Shape[] {
  const [from, to] = [at[a], at[b]];
  if (!from || !to) return [];
  const lit = near !== null && near.has(a) && near.has(b);
  const line: Shape = {
    kind: "line",
    from,
    to,
    ink: lit ? "thought" : "edge",
    alpha: lit ? 0.9 : near ? 0.12 : 0.3,
    width: lit ? 1.6 : 1,
  };
  const active = input.model.nodes[a]?.active || input.model.nodes[b]?.active;
  if (!input.live || !active || i > maxPulses) return [line];
  const way = (((input.t / 2400 + i * 0.37) % 1) + 1) % 1;
  const pulse: Point = { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way };
  return [line, { kind: "disc", at: pulse, r: 2.2, ink: "thought", alpha: Math.sin(way * Math.PI) }];
}

interface NodeInput {
  readonly input: SceneInput;
  readonly node: ModelNode;
  readonly i: number;
  readonly at: Point;
  readonly dim: boolean;
  readonly focus: boolean;
}

function nodeShapes({ input, node, i, at, dim, focus }: NodeInput): Shape[] {
  const ink = inkOf[node.kind];
  const breath = input.live ? 1 + 0.05 * Math.sin(input.t / 900 + i * 1.7) : 1;
  const r = node.r * Math.max(0.75, Math.min(1.25, Math.min(input.view.scaleX, input.view.scaleY))) * breath;
  const alpha = dim ? 0.25 : input.live ? 1 : 0.78;
  const shapes: Shape[] = [];
  if (node.active && input.live) {
    const wave = (((input.t / 1800 + i * 0.21) % 1) + 1) % 1;
    shapes.push({ kind: "ring", at, r: r + 3 + wave * 12, ink, alpha: (1 - wave) * 0.6 * alpha, width: 1.5 });
  }
  shapes.push({ kind: "disc", at, r: r + 5, ink, alpha: 0.14 * alpha }, { kind: "disc", at, r, ink, alpha });
  if (node.id === "self") shapes.push({ kind: "mark", at, r: r * 0.62, ink: "onShell", alpha });
  if (node.id === input.selected || focus)
    shapes.push({ kind: "ring", at, r: r + 5, ink: "text", alpha: 0.9, width: 2 });
  if (focus || (!dim && labelled(node, input))) {
    const text = node.label.length > maxLabel ? `${node.label.slice(0, maxLabel - 1)}…` : node.label;
    shapes.push({
      kind: "label",
      at: { x: at.x, y: at.y + r + 15 },
      text,
      ink: focus ? "text" : "muted",
      alpha: 1,
      strong: focus || node.id === "self",
    });
  }
  return shapes;
}

/** Names everywhere would be noise: what it is and remembers, what others hang on, the chosen and its neighbours, and all of a small mind. */
function labelled(node: ModelNode, input: SceneInput): boolean {
  if (node.kind === "self" || node.kind === "memory" || node.kind === "schedule" || node.near.length > 2)
    return true;
  if (input.hovered !== null || input.selected !== null) return true;
  if (input.model.nodes.length <= 36) return node.kind !== "tool" || input.model.nodes.length <= 18;
  return node.r >= 13;
}

/** The node under a point of the canvas, or null. Touch is generous: 10 px around. */
export function nodeAt(input: Pick<SceneInput, "model" | "positions" | "view">, point: Point): string | null {
  let best: { id: string; distance: number } | null = null;
  for (const node of input.model.nodes) {
    const at = project(input.positions[node.id] ?? { x: 0, y: 0 }, input.view);
    const distance = Math.hypot(at.x - point.x, at.y - point.y) - node.r;
    if (distance < 10 && (best === null || distance < best.distance)) best = { id: node.id, distance };
  }
  return best?.id ?? null;
}
