// small things: elements, requests, errors
const at = id => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    name in node ? node[name] = value : node.setAttribute(name, value);
  node.append(...children);
  return node;
};
let key = "", models = [], model = null, question = null, asking = null;

async function send(path, body, signal) {
  const headers = key ? { "X-API-Key": key } : {};
  if (body) headers["Content-Type"] = "application/json";
  let reply;
  try {
    reply = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server can't be reached. Is it still running?");
  }
  if (reply.status === 401) at("keys").hidden = false;
  if (!reply.ok) throw refused((await reply.json().catch(() => ({}))).error, reply.status);
  return reply;
}

const call = async (path, body) => (await send(path, body)).json().catch(() => ({}));

// server-sent events (serve/events.py): pieces of a text, which are told, then the whole answer
async function streamed(path, body, signal, heard) {
  const reader = (await send(path, { ...body, stream: true }, signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "", done = false; !done;) {
    const piece = await reader.read();
    done = piece.done;
    const events = (rest + (piece.value ?? "")).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const [name, data] = event.split("\n").map(line => line.replace(/^\w+: /, ""));
      if (name === "text") heard(JSON.parse(data).text);
      if (name === "error") throw refused(JSON.parse(data).error);
      if (name === "answer") return JSON.parse(data);
    }
  }
  throw new Error("The answer broke off. Is the server still running?");
}

// what the server says is wrong: where, and then a line for each part of it
function refused(error, status) {
  if (!error) return new Error(`The server answered with status ${status}.`);
  const where = (error.where || "").replace(/^.*column '(.*)'$/, "$1").replace(/^(values: )?row 0$/, "");
  const failure = new Error(error.what);
  const [, first, place] = (error.where || "").match(/(?:in the rows from (\d+): )?(?:values: )?row (\d+)/) ?? [];
  failure.row = Number(first ?? 0) + Number(place ?? NaN);
  failure.lines = [[where, error.what], ...["expected", "got", "fix"].filter(part => error[part]).map(part => [part, error[part]])];
  return failure;
}

// a fault of a field: its name stays as it is
function fault(name, text) {
  const failure = new Error(text);
  failure.lines = [[name, text]];
  return failure;
}

const nameOfPart = name => ["expected", "got", "fix"].includes(name) ? say(name) : name;
const described = error => (error.lines ?? [["", error.message]]).map(([name, text]) =>
  make("div", {}, ...(name ? [nameOfPart(name), ": "] : []), say(text)));

function showError(error) {
  at("trouble").replaceChildren(...(error ? described(error) : []));
  at("trouble").hidden = !error;
}

const percent = share => share >= .9995 ? "100 %" : share < .001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;

// five digits that count, and never fewer than all before the point, in groups of three
function number(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (size !== 0 && (size < 1e-4 || size >= 1e15))) return String(Number(value.toPrecision(5)));
  const digits = size === 0 ? 0 : Math.max(0, 4 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function save(name, content, type) {
  return make("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name }, name);
}

// files that are dropped on an element, or chosen in its field
function dropped(box, input, take) {
  input.addEventListener("change", () => input.files.length && take(input.files[0]));
  for (const kind of ["dragover", "dragleave", "drop"]) box.addEventListener(kind, event => {
    event.preventDefault();
    box.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      take(input.files[0]);
    }
  });
}
