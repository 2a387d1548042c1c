import assert from "node:assert/strict";
import { test } from "node:test";
import { brainNodeKind, type Brain, type BrainNode } from "@molt/contract";
import { fileOf, freshness, groupsOf, sizeWords, tiesOf } from "./brain-words.ts";
import { fit, layout, ticksFor } from "./layout.ts";
import { inkOf, kindWords, modelOf, radiusOf } from "./model.ts";
import { readPositions } from "./read-positions.ts";
import { nodeAt, project, sceneOf, type Shape } from "./scene.ts";

const node = (id: string, kind: BrainNode["kind"], more: Partial<BrainNode> = {}): BrainNode => ({
  id,
  kind,
  label: id,
  detail: null,
  size: null,
  updatedAt: null,
  active: false,
  ...more,
});

function mind(memories: number): Pick<Brain, "nodes" | "edges"> {
  const nodes = [
    node("self", "self", { active: true }),
    ...Array.from({ length: memories }, (_, i) => node(`memory:${i}`, "memory", { size: i * 500 })),
  ];
  return { nodes, edges: nodes.slice(1).map((n) => ({ from: n.id, to: "self" })) };
}

function pictureOf(
  brain: Pick<Brain, "nodes" | "edges">,
  more: { t?: number; selected?: string; live?: boolean } = {},
) {
  const model = modelOf(brain);
  const positions = layout(model, {});
  const view = fit(positions, 800, 600);
  const shapes = sceneOf({
    model,
    positions,
    view,
    t: more.t ?? 0,
    selected: more.selected ?? null,
    hovered: null,
    live: more.live ?? true,
  });
  return { model, positions, view, shapes };
}
const count = (shapes: readonly Shape[], kind: Shape["kind"]) => shapes.filter((s) => s.kind === kind).length;

test("every kind has a colour and a word", () => {
  for (const kind of brainNodeKind.options) assert.ok(inkOf[kind] && kindWords[kind], kind);
});

test("an edge to nowhere, or to itself, is not drawn", () => {
  const model = modelOf({
    nodes: [node("a", "self"), node("b", "memory")],
    edges: [
      { from: "a", to: "b" },
      { from: "a", to: "gone" },
      { from: "b", to: "b" },
    ],
  });
  assert.deepEqual(model.edges, [[0, 1]]);
  assert.deepEqual(
    model.nodes.map((n) => n.near),
    [[1], [0]],
  );
});

test("a book is bigger than a note, but not a thousand times", () => {
  const [note, book] = [
    radiusOf({ id: "file:a", kind: "memory", size: 300 }),
    radiusOf({ id: "file:b", kind: "memory", size: 300_000 }),
  ];
  assert.ok(book > note && book < 2 * note);
});

test("the same mind gives the same picture, with the self in the middle and nobody on top of another", () => {
  const model = modelOf(mind(40));
  const [a, b] = [layout(model, {}), layout(model, {})];
  assert.deepEqual(a, b);
  assert.deepEqual(a["self"], { x: 0, y: 0 });
  const points = Object.values(a);
  for (const [i, p] of points.entries())
    for (const q of points.slice(i + 1)) assert.ok(Math.hypot(p.x - q.x, p.y - q.y) > 12);
});

test("a second visit does not jump, and a new thought is born beside its neighbour", () => {
  const before = layout(modelOf(mind(20)), {});
  const again = layout(modelOf(mind(20)), before);
  for (const [id, p] of Object.entries(before))
    assert.ok(Math.hypot(p.x - (again[id]?.x ?? 0), p.y - (again[id]?.y ?? 0)) < 12, id);
});

test("the picture fits its canvas, wide or tall", () => {
  const positions = layout(modelOf(mind(60)), {});
  for (const [w, h] of [
    [1200, 700],
    [390, 640],
  ] as const) {
    const view = fit(positions, w, h);
    for (const p of Object.values(positions).map((q) => project(q, view)))
      assert.ok(p.x >= 0 && p.x <= w && p.y >= 0 && p.y <= h, `${p.x},${p.y}`);
  }
});

test("a giant mind gets fewer steps, so that it does not hold the page", () => {
  for (const n of [151, 500, 2000]) assert.ok(n * ticksFor(n, false) <= 80_000, `${n}`);
  assert.ok(ticksFor(2000, true) < 10);
});

test("an empty mind is an empty picture", () => {
  assert.deepEqual(
    sceneOf({
      model: modelOf({ nodes: [], edges: [] }),
      positions: {},
      view: fit({}, 100, 100),
      t: 0,
      selected: null,
      hovered: null,
      live: true,
    }),
    [],
  );
});

test("a living mind breathes and pulses, a sleeping one holds still", () => {
  const [now, later] = [pictureOf(mind(8), { t: 0 }), pictureOf(mind(8), { t: 700 })];
  assert.notDeepEqual(now.shapes, later.shapes);
  const [asleep, still] = [
    pictureOf(mind(8), { t: 0, live: false }),
    pictureOf(mind(8), { t: 700, live: false }),
  ];
  assert.deepEqual(asleep.shapes, still.shapes);
  assert.ok(count(asleep.shapes, "disc") < count(now.shapes, "disc"));
});

test("names do not lie on each other, and the self keeps its own", () => {
  const { shapes } = pictureOf(mind(30));
  const labels = shapes.filter((s) => s.kind === "label");
  assert.ok(labels.some((l) => l.text === "self"));
  for (const [i, a] of labels.entries())
    for (const b of labels.slice(i + 1))
      assert.ok(
        Math.abs(a.at.y - b.at.y) > 15 ||
          Math.abs(a.at.x - b.at.x) > 6.4 * ((a.text.length + b.text.length) / 2),
        `${a.text} on ${b.text}`,
      );
});

test("a chosen part lights up its ties and dims the rest", () => {
  const brain = mind(6);
  brain.nodes.push(node("tool:far", "tool"));
  const { shapes } = pictureOf(brain, { selected: "memory:1" });
  const lit = shapes.filter((s) => s.kind === "line" && s.ink === "thought");
  assert.equal(lit.length, 1);
});

test("a touch finds the part under it, and nothing in the empty corner", () => {
  const { model, positions, view } = pictureOf(mind(12));
  for (const id of ["self", "memory:3"])
    assert.equal(nodeAt({ model, positions, view }, project(positions[id] ?? { x: 0, y: 0 }, view)), id);
  assert.equal(nodeAt({ model, positions, view }, { x: 2, y: 2 }), null);
});

test("the words beside the picture: groups, ties, sizes, freshness, files", () => {
  const brain = mind(2);
  assert.deepEqual(
    groupsOf(brain.nodes).map((g) => [g.kind, g.nodes.length]),
    [
      ["self", 1],
      ["memory", 2],
    ],
  );
  assert.deepEqual(
    tiesOf(brain, "self").map((n) => n.id),
    ["memory:0", "memory:1"],
  );
  assert.equal(sizeWords(node("c", "conversation", { size: 84_000 })), "84k tokens");
  assert.equal(sizeWords(node("m", "memory", { size: 1800 })), "1.8 KB");
  assert.equal(sizeWords(node("t", "tool")), null);
  const now = Date.parse("2026-11-22T12:00:00Z");
  assert.equal(freshness({ live: true, takenAt: "2026-11-22T11:59:00Z" }, now), "Live");
  assert.equal(
    freshness({ live: false, takenAt: "2026-11-22T10:00:00Z" }, now),
    "Asleep · as of 2 hours ago",
  );
  const file = { name: "MEMORY.md", size: 3, updatedAt: null, text: "abc", truncated: false };
  assert.equal(fileOf({ files: [file] }, node("memory:MEMORY.md", "memory")), file);
  assert.equal(fileOf({ files: [file] }, node("memory:other", "memory")), null);
});

test("positions that cannot be read are forgotten", () => {
  assert.deepEqual(readPositions('{"a":{"x":1,"y":2},"b":{"x":"no"}}'), { a: { x: 1, y: 2 } });
  for (const text of [null, "", "{", "[]", "3", "null"]) assert.deepEqual(readPositions(text), {});
});
