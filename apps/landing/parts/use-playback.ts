"use client";
import { type RefObject, useEffect, useRef, useState } from "react";
import { onFirstSight, wantsLessMotion } from "../lib/spring-to.ts";

/** The recording is played this much slower than it happened, and the page says so. */
const SLOWER = 4;

/** A position in the recording that moves by itself once its element was seen, and by hand at any time. */
export function usePlayback(duration: number) {
  const [ms, setMs] = useState(duration);
  const [playing, setPlaying] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const touched = useRef(false);
  const start = (from: number, plays: boolean) => {
    touched.current = true;
    setMs(from);
    setPlaying(plays);
  };
  useFirstSight(frame, () => {
    if (!touched.current) start(0, true);
  });
  useTicks(playing, (passed) => setMs((before) => Math.min(duration, before + passed / SLOWER)));
  useEffect(() => {
    if (ms >= duration) setPlaying(false);
  }, [ms, duration]);
  return {
    ms,
    /** As it plays, and as long as it takes. */
    seconds: Math.round((ms * SLOWER) / 1000),
    allSeconds: Math.round((duration * SLOWER) / 1000),
    playing,
    frame,
    play: () => start(ms >= duration ? 0 : ms, true),
    pause: () => setPlaying(false),
    seek: (to: number) => start(to, false),
  };
}

/** Calls back when most of the element is on screen; never for a reader who asked for less motion. */
function useFirstSight(element: RefObject<HTMLElement | null>, onSight: () => void) {
  const act = useRef(onSight);
  act.current = onSight;
  useEffect(() => {
    const watched = element.current;
    if (!watched || wantsLessMotion()) return;
    return onFirstSight(watched, 0.45, () => act.current());
  }, [element]);
}

/** Calls back each frame with the ms since the last, while `running`. */
function useTicks(running: boolean, onTick: (passed: number) => void) {
  const act = useRef(onTick);
  act.current = onTick;
  useEffect(() => {
    if (!running) return;
    let last = performance.now();
    let request = requestAnimationFrame(function tick(now) {
      act.current(now - last);
      last = now;
      request = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(request);
  }, [running]);
}
