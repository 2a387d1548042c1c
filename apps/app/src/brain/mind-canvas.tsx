/**
 * The picture of the mind on a canvas, in plain DOM: the same file draws in the browser and, inside a
 * web view, on a phone. It owns the frame loop; the loop stops when nothing moves.
 */
import type { Palette } from "@molt/brand";
import type { Brain } from "@molt/contract";
import { useEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from "react";
import { draw } from "./draw.ts";
import { fit, layout, type Positions, type View } from "./layout.ts";
import { modelOf, type Model } from "./model.ts";
import { nodeAt, sceneOf } from "./scene.ts";

export interface MindCanvasProps {
  brain: Pick<Brain, "nodes" | "edges" | "live">;
  colors: Palette;
  selected: string | null;
  known: Positions;
  /** Reduced motion: one frame a change. */
  still: boolean;
  /** A promise, because on a phone the answer crosses into the app. */
  onSelect: (id: string | null) => Promise<void>;
  onPositions: (positions: Positions) => Promise<void>;
}

export function MindCanvas(props: MindCanvasProps) {
  const { brain, known, onPositions, onSelect } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const model = useMemo(() => modelOf(brain), [brain]);
  const [firstKnown] = useState(known);
  const positions = useMemo(() => layout(model, firstKnown), [model, firstKnown]);
  useEffect(() => void onPositions(positions), [positions, onPositions]);
  const size = useSize(canvas);
  const fitted = useMemo(() => fit(positions, size.width, size.height), [positions, size]);
  const hand = useHand(fitted, canvas);
  const [hovered, setHovered] = useState<string | null>(null);
  useFrames(canvas, { ...props, model, positions, view: hand.view, size, hovered });

  const under = (e: PointerEvent) => nodeAt({ model, positions, view: hand.view }, pointOf(e));
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`A picture of your bot's mind with ${brain.nodes.length} parts. The list shows the same.`}
      style={{
        width: "100%",
        height: "100%",
        display: "block",
        touchAction: "none",
        cursor: hovered ? "pointer" : "grab",
      }}
      onPointerDown={hand.down}
      onPointerMove={(e) => {
        hand.move(e);
        setHovered(under(e));
      }}
      onPointerLeave={() => setHovered(null)}
      onPointerUp={(e) => {
        if (!hand.up()) void onSelect(under(e));
      }}
      onDoubleClick={hand.reset}
    />
  );
}

const pointOf = (e: { nativeEvent: { offsetX: number; offsetY: number } }) => ({
  x: e.nativeEvent.offsetX,
  y: e.nativeEvent.offsetY,
});

interface CanvasSize {
  readonly width: number;
  readonly height: number;
}

function useSize(canvas: RefObject<HTMLCanvasElement | null>): CanvasSize {
  const [size, setSize] = useState<CanvasSize>({ width: 300, height: 300 });
  useEffect(() => {
    const node = canvas.current;
    if (!node) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: node.clientWidth, height: node.clientHeight }),
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [canvas]);
  return size;
}

/** Dragging moves the picture, the wheel brings it nearer, a double click puts it back. */
function useHand(fitted: View, canvas: RefObject<HTMLCanvasElement | null>) {
  const [moved, setMoved] = useState<View | null>(null);
  const drag = useRef<{ x: number; y: number; far: boolean } | null>(null);
  const view = moved ?? fitted;
  const now = useRef(view);
  now.current = view;
  useEffect(() => setMoved(null), [fitted]);
  useEffect(() => {
    const node = canvas.current;
    if (!node) return;
    const onWheel = (e: WheelEvent) => {
      e.preventDefault();
      setMoved(zoom(now.current, { x: e.offsetX, y: e.offsetY }, Math.exp(-e.deltaY / 500)));
    };
    // React listens passively, and a passive listener may not keep the page from zooming.
    node.addEventListener("wheel", onWheel, { passive: false });
    return () => node.removeEventListener("wheel", onWheel);
  }, [canvas]);
  return {
    view,
    reset: () => setMoved(null),
    down(e: PointerEvent) {
      drag.current = { x: e.clientX, y: e.clientY, far: false };
      e.currentTarget.setPointerCapture(e.pointerId);
    },
    move(e: PointerEvent) {
      const from = drag.current;
      if (!from) return;
      const [dx, dy] = [e.clientX - from.x, e.clientY - from.y];
      if (!from.far && Math.hypot(dx, dy) < 6) return;
      drag.current = { x: e.clientX, y: e.clientY, far: true };
      setMoved({ ...now.current, dx: now.current.dx + dx, dy: now.current.dy + dy });
    },
    /** True when the pointer had dragged, so that letting go is not a click. */
    up(): boolean {
      const far = drag.current?.far ?? false;
      drag.current = null;
      return far;
    },
  };
}

function zoom(view: View, at: { x: number; y: number }, factor: number): View {
  const k = Math.max(0.15, Math.min(5, view.scaleX * factor)) / view.scaleX;
  return {
    scaleX: view.scaleX * k,
    scaleY: view.scaleY * k,
    dx: at.x - (at.x - view.dx) * k,
    dy: at.y - (at.y - view.dy) * k,
  };
}

interface FrameInput extends MindCanvasProps {
  readonly model: Model;
  readonly positions: Positions;
  readonly view: View;
  readonly size: CanvasSize;
  readonly hovered: string | null;
}

function useFrames(canvas: RefObject<HTMLCanvasElement | null>, input: FrameInput): void {
  const latest = useRef(input);
  latest.current = input;
  const moving = input.brain.live && !input.still;
  const { size } = input;
  useEffect(() => {
    const node = canvas.current;
    if (!node) return;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    node.width = Math.round(size.width * ratio);
    node.height = Math.round(size.height * ratio);
  }, [canvas, size]);
  useEffect(() => {
    if (moving) return;
    paint(canvas.current, latest.current, 0);
  });
  useEffect(() => {
    if (!moving) return;
    let frame = requestAnimationFrame(function tick(t) {
      paint(canvas.current, latest.current, t);
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas, moving]);
}

function paint(node: HTMLCanvasElement | null, input: FrameInput, t: number): void {
  const ctx = node?.getContext("2d");
  if (!ctx) return;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const shapes = sceneOf({ ...input, t, live: input.brain.live });
  draw(ctx, shapes, { colors: input.colors, size: { ...input.size, ratio } });
}
