// What search engines find wrong in the structured data of the pages named, as JSON: [[file, severity, message, where], …],
// and how many of each type they saw. `node structured.mjs MODULES PAGE…`
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const Validator = await load("@adobe/structured-data-validator");
const Extractor = await load("@marbec/web-auto-extractor");

const wrong = [], seen = {};
for (const file of files) {
  const found = new Extractor({addLocation: true, embedSource: ["rdfa", "microdata"]}).parse(readFileSync(file, "utf8"));
  for (const [kind, all] of Object.entries(found.jsonld || {})) seen[kind] = (seen[kind] || 0) + all.length;
  for (const one of await new Validator().validate(found))
    wrong.push([file, one.severity, one.issueMessage, JSON.stringify(one.path)]);
}
process.stdout.write(JSON.stringify({wrong, seen}));
