"use client";
import type { Brain, BrainNode } from "@molt/contract";
import { useEffect, useMemo, useRef } from "react";
import { MIND_SIZE, type PlacedEdge, type PlacedNode, placeMind } from "../lib/mind-layout.ts";
import { springTo } from "../lib/spring-to.ts";

type Kind = BrainNode["kind"];

const look: Record<Kind, { fill: string; ink: string; radius: number }> = {
  self: { fill: "var(--shell)", ink: "var(--shell)", radius: 17 },
  memory: { fill: "var(--thought)", ink: "var(--thought)", radius: 10 },
  conversation: { fill: "var(--kelp)", ink: "var(--kelp)", radius: 9 },
  channel: { fill: "var(--kelp)", ink: "var(--kelp)", radius: 8 },
  schedule: { fill: "var(--amber)", ink: "var(--amber)", radius: 9 },
  skill: { fill: "var(--muted)", ink: "var(--muted)", radius: 7 },
  tool: { fill: "var(--muted)", ink: "var(--muted)", radius: 7 },
};

const spring = { stiffness: 320, damping: 18 };

/** The mind as a picture: nodes at work are filled and swell, the lines that lead to them light up. */
export function Mind({
  brain,
  busy,
  label,
  kinds,
}: {
  brain: Brain;
  busy: Set<string>;
  label: string;
  kinds: Record<Kind, string>;
}) {
  const { nodes, edges } = useMemo(() => placeMind(brain), [brain]);
  const present = [...new Set(nodes.map((node) => node.kind))];
  return (
    <div className="flex h-full flex-col">
      <svg
        viewBox={`0 0 ${MIND_SIZE} ${MIND_SIZE}`}
        role="img"
        aria-label={label}
        className="mx-auto w-full max-w-md grow lg:max-w-none"
      >
        {edges.map((edge) => (
          <Edge key={edge.id} edge={edge} lit={busy.has(edge.from.id) && busy.has(edge.to.id)} />
        ))}
        {nodes.map((node) => (
          <Node key={node.id} node={node} busy={busy.has(node.id)} />
        ))}
      </svg>
      <ul className="flex flex-wrap gap-x-4 gap-y-1 px-5 pb-4 text-[0.85rem] text-muted">
        {present.map((kind) => (
          <li key={kind} className="flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className="size-2.5 rounded-full"
              style={{ background: look[kind].fill }}
            />
            {kinds[kind]}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Edge({ edge: { from, to }, lit }: { edge: PlacedEdge; lit: boolean }) {
  return (
    <line
      x1={from.x}
      y1={from.y}
      x2={to.x}
      y2={to.y}
      stroke={lit ? "var(--thought)" : "var(--line)"}
      strokeWidth={lit ? 2.5 : 1.5}
      style={{ transition: "stroke 0.2s" }}
    />
  );
}

function Node({ node, busy }: { node: PlacedNode; busy: boolean }) {
  const { fill, radius } = look[node.kind];
  const circle = useRef<SVGCircleElement>(null);
  const swollen = useRef(false);
  useEffect(() => {
    if (!circle.current || swollen.current === busy) return;
    swollen.current = busy;
    springTo(circle.current, busy ? 1.35 : 1, spring);
  }, [busy]);
  return (
    <g>
      <circle
        ref={circle}
        className="from-middle"
        cx={node.x}
        cy={node.y}
        r={radius}
        fill={busy ? fill : "var(--surface)"}
        stroke={fill}
        strokeWidth={2.5}
        style={{ transition: "fill 0.2s" }}
      />
      <text
        x={node.x}
        y={node.y + radius + 16}
        textAnchor="middle"
        fontSize="12"
        fill={busy ? "var(--text)" : "var(--muted)"}
        className="font-mono"
      >
        {shorten(node.label)}
      </text>
    </g>
  );
}

/** Labels share a small picture; the full name is in the app. */
function shorten(label: string): string {
  return label.length > 18 ? `${label.slice(0, 17)}…` : label;
}
