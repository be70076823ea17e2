/** Make the bundle that the runner serves, and gather the licences of what is in it: `npm ci && node build.js`. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");
const bundle = join(here, "bundle");

rmSync(bundle, { recursive: true, force: true });
mkdirSync(bundle);
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.js"],
  outfile: "bundle/page.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2021",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  // Pipecat's transports bring Daily's media manager along; it would fetch its engine from a vendor's host.
  alias: { "@daily-co/daily-js": "./src/daily.js" },
});
for (const name of ["index.html", "login.html", "page.css", "worklet.js", "icon.svg"]) {
  cpSync(join(source, name), join(bundle, name));
}
writeFileSync(join(bundle, "LICENSES.txt"), licences(packages(metafile)));

writeFileSync(join(bundle, "sources.sha256"), `${fingerprint()}\n`);

/** What the bundle was made of; a test compares it with the sources as they are. */
function fingerprint() {
  const files = ["build.js", "package-lock.json", ...readdirSync(source).filter((name) => name.includes(".")).map((name) => `src/${name}`)];
  const hash = createHash("sha256");
  for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(join(here, name))).update("\0");
  return hash.digest("hex");
}

/** The packages that something in the bundle comes from. */
function packages({ outputs }) {
  const parts = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const used = parts.filter(([path, { bytesInOutput }]) => path.startsWith("node_modules/") && bytesInOutput > 0);
  return [...new Set(used.map(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)[1]))].sort();
}

/** One text with name, version and licence of each package. */
function licences(names) {
  const head = "page.js contains the following packages.\n";
  return [head, ...names.map(licence)].join(`\n${"-".repeat(100)}\n\n`);
}

function licence(name) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8") : fallback(name);
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/** Packages without a licence file: their licence's text as their repository has it. */
function fallback(name) {
  const path = join(source, "licences", `${name.replace("/", "__")}.txt`);
  if (!existsSync(path)) throw new Error(`${name} has no licence file: put its text at ${path}`);
  return readFileSync(path, "utf8");
}
