"use client";
import type { Brain } from "@molt/contract";
import { busyNodes, durationOf, momentAt, type Recording } from "../lib/player.ts";
import type { HomeWords } from "../words/en/home.ts";
import { Mind } from "./mind.tsx";
import { Transcript } from "./transcript.tsx";
import { usePlayback } from "./use-playback.ts";

/**
 * A conversation and the mind behind it, played from recorded frames. The server renders the last
 * moment, so that everything can be read before, and without, any script; it begins to play when
 * it is first seen, except for readers who asked for less motion.
 */
export function Demo({
  recording,
  brain,
  words,
}: {
  recording: Recording;
  brain: Brain;
  words: HomeWords["demo"];
}) {
  const duration = durationOf(recording);
  const { ms, seconds, allSeconds, playing, play, pause, seek, frame } = usePlayback(duration);
  const moment = momentAt(recording, ms);
  return (
    <div ref={frame} className="hinge overflow-hidden border border-line bg-surface">
      <div className="grid lg:grid-cols-[1fr_1.05fr]">
        <Transcript moment={moment} words={words} />
        <div className="border-line bg-sunken max-lg:border-t lg:border-l">
          <Mind brain={brain} busy={busyNodes(moment, brain.nodes)} label={words.mind} kinds={words.kinds} />
        </div>
      </div>
      <div className="flex items-center gap-4 border-t border-line px-4 py-3 sm:px-5">
        <button
          type="button"
          onClick={playing ? pause : play}
          className="button button-quiet min-h-11! w-36 px-4! text-[0.95rem]"
        >
          {playing ? words.pause : ms >= duration ? words.again : words.play}
        </button>
        <input
          type="range"
          min={0}
          max={duration}
          step={10}
          value={ms}
          aria-label={words.scrub}
          aria-valuetext={words.at.replace("{at}", String(seconds)).replace("{of}", String(allSeconds))}
          onChange={(event) => seek(Number(event.target.value))}
          className="h-11 min-w-0 grow accent-shell"
        />
      </div>
    </div>
  );
}
