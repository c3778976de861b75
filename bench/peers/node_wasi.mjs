// Run a WASI 0.1 program on node:wasi.
//
// node node_wasi.mjs [--dir HOST::GUEST]… [--env NAME=VALUE]… PROGRAM [ARGUMENT]…
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const options = process.argv.slice(2);
const preopens = {};
const env = {};
while (options[0] === "--dir" || options[0] === "--env") {
  const [option, value] = options.splice(0, 2);
  if (option === "--dir") {
    const [host, guest = host] = value.split("::");
    preopens[guest] = host;
  } else {
    const equals = value.indexOf("=");
    env[value.slice(0, equals)] = value.slice(equals + 1);
  }
}
const wasi = new WASI({ version: "preview1", args: options, env, preopens, returnOnExit: true });
const module = await WebAssembly.compile(await readFile(options[0]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
