// A client in JavaScript that keeps its connections: whether the request after an early answer succeeds.
// `node pooled.mjs URL PLAN` prints a line for each round that failed.

const [url, plan] = [process.argv[2], JSON.parse(process.argv[3])];

function form(name, size) {
  const head = `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  return new Blob([head, new Uint8Array(size), "\r\n--x--\r\n"]);
}

async function attempt({ method, path, status, file_name }, size) {
  try {
    await (await fetch(url + "/health")).text();
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const body = form(file_name, size);
    const early = await fetch(url + path, { method, headers, body, redirect: "manual" });
    await early.text();
    if (early.status !== status) return `status ${early.status}`;
    if (size > 2_000_000 && early.headers.get("connection") !== "close") {
      return "the answer does not say that the connection ends";
    }
    const after = await fetch(url + "/health");
    await after.text();
    return after.status === 200 ? null : `then ${after.status}`;
  } catch (error) {
    return `${error.message}: ${error.cause?.message ?? ""}`;
  }
}

async function work(tries) {
  for (const [test, size] of tries) {
    const problem = await attempt(test, size);
    if (problem) console.log(`fetch: ${test.status} after ${size} bytes: ${problem}`);
  }
}

const rounds = [...Array(plan.rounds).keys()];
const tries = plan.cases.flatMap((test) => plan.sizes.flatMap((size) => rounds.map(() => [test, size])));
// One iterator for all: each try is made once.
const queue = tries.values();
await Promise.all([...Array(plan.at_once).keys()].map(() => work(queue)));
