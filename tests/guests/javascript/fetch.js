// A server in the language's own way: the event, streams, timers, and requests of its own.
let served = 0;

addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  served += 1;
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/echo":
      return new Response(request.body, { headers: { "x-method": request.method } });
    case "/count":
      return Response.json({ served, bytes: (await request.arrayBuffer()).byteLength });
    case "/slowly":
      return new Response(slowly(["one ", "two ", "three"]));
    case "/proxy":
      try {
        const got = await fetch(url.searchParams.get("to"));
        return new Response((await got.text()).toUpperCase(), { status: got.status });
      } catch (refusal) {
        return new Response(refusal.constructor.name, { status: 502 });
      }
    case "/throw":
      throw new Error("on purpose");
    default:
      return new Response("hello from fetch\n");
  }
}

function slowly(words) {
  return new ReadableStream({
    async start(controller) {
      for (const word of words) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(new TextEncoder().encode(word));
      }
      controller.close();
    },
  });
}
