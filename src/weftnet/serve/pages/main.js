// the page: choose a model, ask it, explain its answer
async function start() {
  try {
    models = (await call("/v1/models")).models;
    showError(null);
    at("keys").hidden = true;
  } catch (error) { return showError(error); }
  at("model").replaceChildren(...models.map(each => make("option", { value: each.name }, each.name)));
  at("picker").hidden = models.length < 2;
  choose(models[0]);
}

function choose(chosen) {
  model = chosen;
  document.title = at("title").textContent = model.name;
  at("about").replaceChildren(say(model.task.replaceAll("_", " ")), " · ", say(`version ${model.default}`), ` · ${model.engine}`);
  at("fields").replaceChildren(...(windowed().length ? [drawTable()] : []),
    ...singles().map(field => draw(field, `f${model.fields.indexOf(field)}`)));
  const options = Object.entries(model.options);
  at("options").replaceChildren(...options.map(([name, schema]) => drawOption(name, schema)));
  at("more").hidden = !options.length;
  at("question").hidden = false;
  at("example").hidden = !model.example;
  at("batch").hidden = windowed().length > 0 || model.fields.some(field => field.widget === "file");
  at("batch-said").replaceChildren();
  at("batch-link").replaceChildren();
  at("result").hidden = at("why").hidden = true;
  showError(null);
  showPrograms();
  showHistory();
}

// shows a text as it grows
function growing() {
  const text = make("p", { className: "answer growing", id: "label" });
  return piece => {
    if (!text.isConnected) {
      at("answer").replaceChildren(text);
      at("marks").replaceChildren();
      tell(at("took"), "is being written …");
    }
    at("result").hidden = false;
    text.append(piece);
  };
}

// whether a note on a column says again what the row's own marks say
const said = (note, left) => left.some(mark => mark.includes(`: ${note.split(": ", 1)[0]} `));

async function ask() {
  showError(null);
  at("ask").disabled = true;
  at("why").hidden = true;
  try {
    const began = performance.now();
    question = await row();
    const path = `/v1/models/${encodeURIComponent(model.name)}/predict`, body = { rows: [question], ...options() };
    asking = new AbortController();
    const reply = await (model.stream ? streamed(path, body, asking.signal, growing()) : call(path, body));
    const left = reply.marks?.[0] ?? [];
    show(reply.answers[0], left);
    const took = [`version ${reply.version}`, `${Math.round(performance.now() - began)} ms`, ...(reply.notes ?? []).filter(note => !said(note, left))].join("; ");
    tell(at("took"), took);
    at("explain").hidden = false;
    at("result").hidden = false;
    remember(question, reply.answers[0], left, took);
  } catch (error) {
    at("result").hidden = true;
    showError(error.name === "AbortError" ? null : error);
  } finally { at("ask").disabled = false; }
}

async function explain() {
  showError(null);
  at("explain").disabled = true;
  at("reasons").replaceChildren(say("This takes longer than the answer."));
  at("why").hidden = false;
  try {
    const { html } = await call(`/v1/models/${encodeURIComponent(model.name)}/explain`, { row: question });
    at("reasons").innerHTML = html;
    translate(at("reasons"));
    at("why").scrollIntoView({ block: "nearest" });
  } catch (error) {
    at("reasons").replaceChildren(make("div", { className: "error" }, ...described(error)));
  } finally { at("explain").disabled = false; }
}

async function example() {
  showError(null);
  at("example").disabled = true;
  try { fill((await call(`/v1/models/${encodeURIComponent(model.name)}/example`)).row); } catch (error) { showError(error); }
  finally { at("example").disabled = false; }
}

at("form").addEventListener("submit", event => { event.preventDefault(); ask(); });
at("form").addEventListener("reset", () => {
  asking?.abort();  // an answer that is being written ends
  at("result").hidden = at("why").hidden = true; showError(null);
});
at("explain").addEventListener("click", explain);
at("example").addEventListener("click", example);
dropped(at("batch-drop"), at("batch-file"), answerFile);
at("model").addEventListener("change", () => choose(models.find(each => each.name === at("model").value)));
at("use").addEventListener("click", () => { key = at("key").value.trim(); start(); });
at("key").addEventListener("keydown", event => { if (event.key === "Enter") at("use").click(); });
start();
