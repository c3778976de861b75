// A command for an engine that has the language and nothing else: no console, no text encoder. Its u64 is a number.
import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.12";
import { getStdin } from "wasi:cli/stdin@0.2.12";
import { getStdout } from "wasi:cli/stdout@0.2.12";
import { getDirectories } from "wasi:filesystem/preopens@0.2.12";
import { getRandomBytes } from "wasi:random/random@0.2.12";

const bytes = (text) => Uint8Array.from(text, (each) => each.charCodeAt(0));
const text = (data) => String.fromCharCode(...data);

export const run = {
  run() {
    const out = getStdout();
    const say = (...words) => out.blockingWriteAndFlush(bytes(words.join(" ") + "\n"));
    const [, ...words] = getArguments();
    say(JSON.stringify([words, getEnvironment()]));
    say(text(getStdin().blockingRead(100)));
    say(new Date().getFullYear() > 2000, getRandomBytes(4).length);
    for (const [directory, name] of getDirectories()) {
      for (const path of ["greeting.txt", "none", "../outside"]) {
        try {
          const file = directory.openAt({ symlinkFollow: true }, path, {}, { read: true });
          const [data, atEnd] = file.read(100, 0);
          say(name, path, text(data), atEnd);
        } catch (refusal) {
          say(name, path, refusal.payload ?? refusal);
        }
      }
    }
    if (words[0] === "fail") throw new Error("on purpose");
  },
};
