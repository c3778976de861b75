// A command: what it was handed, and what it was not.
import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.12";
import { getDirectories } from "wasi:filesystem/preopens@0.2.12";

export const run = {
  run() {
    const [, ...words] = getArguments();
    console.log(words.join(" "), JSON.stringify(getEnvironment()));
    console.log(new Date().toISOString(), crypto.getRandomValues(new Uint8Array(4)).length);
    for (const [directory, name] of getDirectories()) {
      for (const path of ["greeting.txt", "none", "../outside"]) {
        try {
          const file = directory.openAt({ symlinkFollow: true }, path, {}, { read: true });
          const [bytes, atEnd] = file.read(100n, 0n);
          console.log(name, path, new TextDecoder().decode(bytes), atEnd);
        } catch (refusal) {
          console.log(name, path, refusal.payload ?? refusal);
        }
      }
    }
    console.error("said on the other stream");
    if (words[0] === "fail") throw "on purpose";
  },
};
