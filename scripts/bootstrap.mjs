/**
 * The way in for every npm script, in plain JavaScript for whatever Node (20 or later) is here:
 * installs the locked packages when they are missing or changed, then hands over to the Node 26
 * among them, which runs the TypeScript of this repository as it is.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = "start", ...args] = process.argv.slice(2);

const say = (line) => process.stderr.write(`${line}\n`);

/** @param {string} sentence what to do about it */
function stop(sentence) {
  say(`\n  ${sentence}\n`);
  process.exit(1);
}

/** What was installed for: the lock and every manifest. */
function fingerprint() {
  const hash = createHash("sha256");
  const manifests = ["package-lock.json", "package.json", ".npmrc"];
  for (const folder of ["apps", "packages"]) {
    for (const name of readdirSync(join(root, folder))) manifests.push(join(folder, name, "package.json"));
  }
  manifests.push(join("local", "package.json"), join("bot", "package.json"));
  for (const file of manifests)
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function install() {
  const stamp = join(root, "node_modules", ".molt-installed");
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("  Installing packages from the npm registry. This happens once and takes about two minutes …");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const began = Date.now();
  const ticking = setProgress(began);
  const result = spawnSync(
    npm[0],
    [...npm.slice(1), "ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"],
    {
      cwd: root,
      // Standard output belongs to the caller (`--json`); npm's own words go to standard error.
      stdio: ["ignore", 2, 2],
      env: { ...process.env, npm_config_production: "", NODE_ENV: "" },
    },
  );
  ticking.kill();
  if (result.status !== 0)
    stop(
      "The packages could not be installed. The lines above say why; run the same command again when that is mended.",
    );
  writeFileSync(stamp, wanted);
  say(`  Packages are there (${Math.round((Date.now() - began) / 1000)} s).`);
}

/** npm is silent for minutes; a second process says that it is alive, because this one waits in spawnSync. */
function setProgress(began) {
  const code = `setInterval(() => process.stderr.write("  … still installing, " + Math.round((Date.now() - ${began}) / 1000) + " s\\n"), 15000)`;
  return spawn(process.execPath, ["-e", code], { stdio: ["ignore", "ignore", 2] });
}

/** The pinned Node for this platform, installed like any other package. */
function findNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    const binary = join(root, "node_modules", name, "bin", "node");
    if (existsSync(binary)) return binary;
  }
  return stop(
    `There is no pinned Node for ${process.platform} ${process.arch} among the packages. Molt-OS runs on Linux and macOS, x64 and arm64.`,
  );
}

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) stop(`Molt-OS needs Node 20 or later to start; this is ${process.version}.`);
install();

const node = findNode();
const script = join(root, "scripts", `${command}.ts`);
if (!existsSync(script)) stop(`There is no command "${command}".`);
const child = spawn(node, ["--disable-warning=ExperimentalWarning", script, ...args], {
  cwd: root,
  // The channel tells the other side when this process is killed without a word.
  stdio: ["inherit", "inherit", "inherit", "ipc"],
  env: {
    ...process.env,
    PATH: [join(root, "node_modules", ".bin"), dirname(node), process.env.PATH ?? ""].join(delimiter),
  },
});
child.channel?.unref();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
if (process.env.npm_lifecycle_event) {
  // npm ends its shell without telling us; then our parent changes.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 1000).unref();
}
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
