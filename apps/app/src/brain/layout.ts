/**
 * Where each node stands. Forces from d3; the self is nailed to the middle. Known positions are
 * kept, so that a second visit does not jump; a new node is born beside a neighbour.
 * Coordinates are free units around (0, 0); the view fits them to the canvas.
 */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationNodeDatum,
} from "d3-force";
import type { Model } from "./model.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export type Positions = Readonly<Record<string, Point>>;

interface Body extends SimulationNodeDatum {
  readonly r: number;
}

/** d3 replaces the index of an end by its body before it asks for a distance. */
const reach = (end: unknown) =>
  (typeof end === "object" && end !== null && "r" in end ? Number(end.r) : 8) * 1.1;

const golden = Math.PI * (3 - Math.sqrt(5));

/** Deterministic: the same model and the same known positions give the same picture. */
export function layout(model: Model, known: Positions): Positions {
  const bodies: Body[] = model.nodes.map((node, i) => {
    const start = known[node.id] ?? besideNeighbour(model, known, i) ?? spiral(i);
    const nailed = node.id === "self" ? { fx: 0, fy: 0 } : {};
    return { r: node.r, ...start, ...nailed };
  });
  const allKnown = model.nodes.every((node) => known[node.id] !== undefined);
  const links = model.edges.map(([source, target]) => ({ source, target }));
  const force = forceSimulation(bodies)
    .randomSource(seeded())
    .force(
      "charge",
      forceManyBody<Body>()
        .strength((b) => -30 - b.r * 8)
        .distanceMax(260),
    )
    .force(
      "link",
      forceLink<Body, { source: number; target: number }>(links)
        .distance((link) => 34 + reach(link.source) + reach(link.target))
        .strength(0.5),
    )
    .force(
      "collide",
      forceCollide<Body>((b) => b.r + 10),
    )
    .force("x", forceX<Body>(0).strength(0.05))
    .force("y", forceY<Body>(0).strength(0.06))
    .stop();
  const ticks = ticksFor(bodies.length, allKnown);
  force.alpha(allKnown ? 0.05 : 1).tick(ticks);
  return Object.fromEntries(model.nodes.map((node, i) => [node.id, round(bodies[i])]));
}

/** 300 ticks for a mind of usual size; fewer for a giant one, which must not hold the page: 2,000 nodes take about 0.7 s. */
export function ticksFor(count: number, allKnown: boolean): number {
  if (allKnown) return 4;
  return count <= 150 ? 300 : Math.max(40, Math.round(45_000 / count));
}

function besideNeighbour(model: Model, known: Positions, i: number): Point | null {
  for (const j of model.nodes[i]?.near ?? []) {
    const at = known[model.nodes[j]?.id ?? ""];
    if (at) return { x: at.x + 30 * Math.cos(i * golden), y: at.y + 30 * Math.sin(i * golden) };
  }
  return null;
}

function spiral(i: number): Point {
  const r = 26 * Math.sqrt(i + 0.5);
  return { x: r * Math.cos(i * golden), y: r * Math.sin(i * golden) };
}

const round = (b: Body | undefined): Point => ({
  x: Math.round((b?.x ?? 0) * 10) / 10,
  y: Math.round((b?.y ?? 0) * 10) / 10,
});

/** d3 shakes coinciding nodes apart by chance; a seeded chance keeps pictures the same. */
function seeded(): () => number {
  let state = 0x2f6e2b1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** From the layout's units to CSS pixels. The two scales differ a little, to fill a tall or a wide screen. */
export interface View {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly dx: number;
  readonly dy: number;
}

const maxScale = 1.7;
const maxStretch = 1.6;

/** Fits all points into a canvas of `width` x `height` CSS pixels, with room for labels. */
export function fit(positions: Positions, width: number, height: number): View {
  const points = Object.values(positions);
  if (points.length === 0) return { scaleX: 1, scaleY: 1, dx: width / 2, dy: height / 2 };
  const [minX, maxX] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const [minY, maxY] = [Math.min(...points.map((p) => p.y)), Math.max(...points.map((p) => p.y))];
  const [marginX, marginY] = [Math.min(70, width * 0.12), 56];
  const fitX = Math.max(0.1, Math.min(maxScale, (width - 2 * marginX) / Math.max(1, maxX - minX)));
  const fitY = Math.max(0.1, Math.min(maxScale, (height - 2 * marginY) / Math.max(1, maxY - minY)));
  const scaleX = Math.min(fitX, fitY * maxStretch);
  const scaleY = Math.min(fitY, fitX * maxStretch);
  return {
    scaleX,
    scaleY,
    dx: width / 2 - (scaleX * (minX + maxX)) / 2,
    dy: height / 2 - (scaleY * (minY + maxY)) / 2,
  };
}
