/**
 * What the demo model says and does. No intelligence: a few things it can do, and otherwise it
 * repeats what it was asked and says plainly what it is. The same conversation always gets the same
 * reply.
 */
import { findCalculation } from "./arithmetic.ts";
import { findPerson, type Person } from "./person.ts";
import type { Prompt, ToolOffer } from "./prompt.ts";

const NOTICE =
  "_I am the demo model of Molt-OS: my answers are scripted. Put `ANTHROPIC_API_KEY` (or `OPENAI_API_KEY`) " +
  "in the environment and start again to talk to a real one._";
const MEMORY_FILE = "MEMORY.md";
/** Tool calls for one message, after which it talks whatever happened. */
const MAX_STEPS = 4;

export interface Line {
  thought: string;
  text: string;
  call?: { name: string; input: Record<string, unknown> };
}

export function speak(prompt: Prompt): Line {
  const person = findPerson(prompt);
  const { words, since } = person;
  const steps = since.filter((turn) => turn.calls.length > 0).length;
  const act = steps < MAX_STEPS ? (remember(prompt, person) ?? runCommand(prompt, person)) : undefined;
  if (act) return act;
  const thought = words === "" ? "Nobody wrote anything." : `The person wrote: ${quote(words, 120)}`;
  return { thought, text: `${answer(words)}\n\n${NOTICE}` };
}

function answer(words: string): string {
  if (words === "") return "There is nothing for me to answer right now.";
  const sum = findCalculation(words);
  if (sum) return `**${sum.expression} = ${Number(sum.result.toPrecision(12))}**`;
  if (/^(hi|hello|hey|hallo|good (morning|evening|afternoon)|moin|servus)\b/i.test(words)) {
    return "Hello! I am awake and happy to hear from you. Ask me to remember something, to run a command, or to calculate `12 * 7`.";
  }
  if (/\b(who are you|what are you|what is this|what can you do|help)\b/i.test(words)) {
    return [
      "I am **your bot**: an OpenClaw agent with a machine of its own, which sleeps when nobody needs it.",
      "",
      "- I **remember**: say `remember that I like green tea`.",
      "- I **work**: say `run uname -a`, and I do it in my own machine.",
      "- I **count**: `3 * (4 + 5)`.",
      "- Every token I use is metered, and my mind is in the Brain View.",
    ].join("\n");
  }
  if (/\b(list|ideas|steps|plan)\b/i.test(words)) return list(words);
  if (/\b(thanks|thank you|danke)\b/i.test(words)) return "You are welcome! I am here whenever you need me.";
  return `You wrote:\n\n> ${quote(words, 600)}\n\nA real model would now give you a thoughtful answer.`;
}

function list(words: string): string {
  const topic = quote(words.replace(/^.*?\b(?:for|of|about|to)\b\s*/i, ""), 80);
  const steps = [
    `Write down what you want from **${topic}** in one sentence.`,
    "Find the smallest part that is useful by itself.",
    "Do that part today, and look at it tomorrow.",
    "Ask somebody who has done it before.",
    "Decide what comes next, and leave out the rest.",
  ];
  return `Here is a short list:\n\n${steps.map((step, at) => `${at + 1}. ${step}`).join("\n")}`;
}

/** "remember that …": reads the memory file, then adds a line with whatever tool the bot offers. */
function remember(prompt: Prompt, { words, since }: Person): Line | undefined {
  const fact = /\bremember(?:,)?(?: that| this:?|:)?\s+([\s\S]{2,500})/i
    .exec(words)?.[1]
    ?.trim()
    .replace(/\s+/g, " ");
  if (fact === undefined || /^(when|what|how|the time)\b.*\?$/i.test(fact)) return undefined;
  const line = `- ${fact.replace(/[.!]*$/, "")}`;
  const calls = since.flatMap((turn) => turn.calls);
  const results = since.flatMap((turn) => turn.results);
  const last = calls.at(-1);
  if (last && !isNamed(last.name, "read")) {
    const failed = looksFailed(results.at(-1) ?? "");
    return failed
      ? { thought: "", text: `I could not write that down: ${quote(results.at(-1) ?? "", 200)}\n\n${NOTICE}` }
      : { thought: "", text: `Noted in \`${MEMORY_FILE}\`:\n\n${line}\n\n${NOTICE}` };
  }
  const thought = `I should write this down: ${fact}`;
  const read = find(prompt.tools, "read");
  if (!last && read) {
    return { thought, text: "", call: { name: read.name, input: { [pathOf(read)]: MEMORY_FILE } } };
  }
  const call = append(prompt.tools, last ? (results.at(-1) ?? "") : "", line);
  return call ? { thought, text: "", call } : undefined;
}

/** Never writes over a file it has not seen the end of: a new file by write, an old one by edit or exec. */
function append(tools: ToolOffer[], content: string, line: string): Line["call"] {
  const [write, edit, exec] = [find(tools, "write"), find(tools, "edit"), find(tools, "exec")];
  if (write && (content === "" || looksFailed(content))) {
    const text = parameter(write, /^(content|text|contents)$/, "content");
    return { name: write.name, input: { [pathOf(write)]: MEMORY_FILE, [text]: `# Memory\n\n${line}\n` } };
  }
  const end = content.trimEnd().split("\n").at(-1) ?? "";
  if (edit && end.trim() !== "" && content.split(end).length === 2) return editCall(edit, end, line);
  if (exec) {
    const command = `printf '%s\\n' '${line.replaceAll("'", `'\\''`)}' >> ${MEMORY_FILE}`;
    return { name: exec.name, input: { [parameter(exec, /^(command|cmd)$/, "command")]: command } };
  }
  return undefined;
}

function editCall(edit: ToolOffer, end: string, line: string): Line["call"] {
  const change = { oldText: end, newText: `${end}\n${line}` };
  if (edit.parameters.includes("edits")) {
    return { name: edit.name, input: { [pathOf(edit)]: MEMORY_FILE, edits: [change] } };
  }
  const from = parameter(edit, /^old/i, "oldText");
  const to = parameter(edit, /^new/i, "newText");
  return {
    name: edit.name,
    input: { [pathOf(edit)]: MEMORY_FILE, [from]: change.oldText, [to]: change.newText },
  };
}

/** "run …": one command, then its output. */
function runCommand(prompt: Prompt, { words, since }: Person): Line | undefined {
  const command = /^(?:please\s+)?(?:run|execute|exec)(?: the command)?:?\s+`{0,3}([^`\n]{1,500})`{0,3}\s*$/im
    .exec(words)?.[1]
    ?.trim();
  const exec = find(prompt.tools, "exec");
  if (command === undefined || !exec) return undefined;
  const result = since.flatMap((turn) => turn.results).at(-1);
  if (result === undefined) {
    const input = { [parameter(exec, /^(command|cmd)$/, "command")]: command };
    return {
      thought: `The person wants me to run ${command}`,
      text: "I will run that.",
      call: { name: exec.name, input },
    };
  }
  const output = result.trim() === "" ? "(no output)" : result.trim().slice(0, 2000).replaceAll("```", "'''");
  return { thought: "", text: `Done. \`${command}\` said:\n\n\`\`\`\n${output}\n\`\`\`\n\n${NOTICE}` };
}

function find(tools: ToolOffer[], kind: string): ToolOffer | undefined {
  return tools.find((tool) => isNamed(tool.name, kind));
}

function isNamed(name: string, kind: string): boolean {
  const names = kind === "exec" ? ["exec", "bash", "shell"] : [kind, `${kind}_file`];
  return names.includes(name.toLowerCase());
}

function pathOf(tool: ToolOffer): string {
  return parameter(tool, /^(path|file_?path|file)$/i, "path");
}

function parameter(tool: ToolOffer, pattern: RegExp, otherwise: string): string {
  return tool.parameters.find((name) => pattern.test(name)) ?? otherwise;
}

function looksFailed(result: string): boolean {
  return /ENOENT|no such file|not found|does not exist|^\W*error\b|"status":\s*"error"/i.test(
    result.slice(0, 400),
  );
}

function quote(text: string, max: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > max ? `${flat.slice(0, max - 1)}…` : flat;
}
