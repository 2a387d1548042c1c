/** Isolation as a picture: three shells, one in the other, the bot inside and the keys outside. */
import { mark } from "@molt/brand";
import { href, type Language } from "../words/paths.ts";
import { words } from "../words/words.ts";
import { ShellRing } from "./shell-ring.tsx";

const inks = ["var(--kelp)", "var(--thought)", "var(--amber)"] as const;

export function Shells({ language }: { language: Language }) {
  const { shells } = words[language].home;
  return (
    <section className="later mt-28 border-y border-line bg-sunken">
      <div className="mx-auto grid max-w-6xl items-center gap-x-16 gap-y-10 px-5 py-20 lg:grid-cols-[1fr_1.1fr]">
        <Walls label={shells.picture} />
        <div>
          <h2 className="text-4xl sm:text-5xl">{shells.title}</h2>
          <p className="mt-5 text-lg text-muted">{shells.lead}</p>
          <ul className="mt-8 space-y-5">
            {shells.items.map((item, index) => (
              <li key={item.name} className="border-l-4 pl-5" style={{ borderColor: inks[index] }}>
                <h3 className="text-xl">{item.name}</h3>
                <p className="mt-1 text-muted">{item.text}</p>
              </li>
            ))}
          </ul>
          <p className="mt-8">{shells.honest}</p>
          <p className="mt-4">
            <a className="link inline-block py-1.5" href={href(language, "/security")}>
              {shells.more}
            </a>
          </p>
        </div>
      </div>
    </section>
  );
}

function Walls({ label }: { label: string }) {
  return (
    <svg viewBox="0 0 440 400" role="img" aria-label={label} className="mx-auto w-full max-w-md">
      <ShellRing ink={inks[2]} x={22} size={356} />
      <ShellRing ink={inks[1]} x={70} size={260} />
      <ShellRing ink={inks[0]} x={116} size={168} />
      <g transform="translate(150 148) scale(2.1)">
        <path d={mark.claw} fill="var(--shell)" />
        <path
          d={mark.shell}
          fill="none"
          stroke="var(--shell)"
          strokeWidth={mark.shellWidth}
          strokeLinecap="round"
        />
      </g>
      <Key x={402} y={96} />
      <Key x={402} y={196} />
      <Key x={402} y={296} />
    </svg>
  );
}

function Key({ x, y }: { x: number; y: number }) {
  return (
    <g
      fill="none"
      stroke="var(--edge)"
      strokeWidth="4"
      strokeLinecap="round"
      transform={`translate(${x} ${y})`}
    >
      <circle r="9" />
      <path d="M0 9V34M0 26H9M0 34H7" />
    </g>
  );
}
