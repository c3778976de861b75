// Run a command that jco made JavaScript of: jco_run.mjs SCRIPT
import { pathToFileURL } from "node:url";

const { run } = await import(pathToFileURL(process.argv[2]));
run.run();
