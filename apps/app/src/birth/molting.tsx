import { mark } from "@molt/brand";
import { useEffect, useRef, useState } from "react";
import Svg, { Circle, G, Path } from "react-native-svg";
import { View } from "react-native";
import { useColors } from "../ui/theme.ts";
import { useReducedMotion } from "../ui/use-reduced-motion.ts";
import { claw, plateCount, plates, size } from "./molting-scene.ts";

/** Draws molting-scene.ts. `done` plates of six are off; the picture says nothing that the words do not. */
export function Molting({
  done,
  failed = false,
  width = 280,
}: {
  done: number;
  failed?: boolean;
  width?: number;
}) {
  const c = useColors();
  const still = useReducedMotion() || failed;
  const t = useClock(!still);
  const shedAt = useShedTimes(done);
  const smooth = useSmooth(done / plateCount, t);
  const drawn = plates({
    shedAgoMs: shedAt.map((at) => (at === null ? null : Math.max(0, t - at))),
    t,
    still,
  });
  return (
    <View aria-hidden style={{ width, height: width }}>
      <Svg width={width} height={width} viewBox={`-24 -24 ${size + 48} ${size + 48}`}>
        <Circle cx={size / 2} cy={size / 2} r={74} fill={c.shellSoft} />
        {drawn.map((plate, i) => (
          <G key={i} transform={plate.transform}>
            <Path
              d={plate.d}
              fill="none"
              stroke={failed ? c.edge : shedAt[i] === null ? c.shell : c.edge}
              strokeWidth={shedAt[i] === null ? 14 : 9}
              strokeLinecap="round"
              opacity={shedAt[i] === null ? (plate.next ? 0.85 : 0.32) : plate.opacity * 0.6}
            />
          </G>
        ))}
        <G transform={claw({ done: still ? done / plateCount : smooth, t, still })}>
          <Path d={mark.claw} fill={failed ? c.muted : c.shell} />
        </G>
      </Svg>
    </View>
  );
}

function useClock(running: boolean): number {
  const [t, setT] = useState(0);
  useEffect(() => {
    if (!running) return;
    let frame = requestAnimationFrame(function tick(now) {
      setT(now);
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [running]);
  return t;
}

/** When each plate went, in the clock of requestAnimationFrame. Plates gone before this page opened went long ago. */
function useShedTimes(done: number): (number | null)[] {
  const times = useRef<(number | null)[] | null>(null);
  times.current ??= Array.from({ length: plateCount }, (_, i) => (i < done ? -10_000 : null));
  times.current = times.current.map((at, i) => (i < done ? (at ?? performance.now()) : null));
  return times.current;
}

/** Follows a number without jumping. */
function useSmooth(target: number, t: number): number {
  const state = useRef({ value: target, t });
  const dt = Math.min(100, Math.max(0, t - state.current.t));
  state.current = { value: state.current.value + (target - state.current.value) * Math.min(1, dt / 300), t };
  return state.current.value;
}
