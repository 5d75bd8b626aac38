// the fields of a question, drawn from the model's description, and the row that they hold
const hints = field => [field.facts?.range && field.widget === "number" ? "" : field.hint, seen(field), field.optional && model.fields.length > 1 ? "may be left out" : ""].filter(Boolean);
const seen = field => field.facts?.range ? `${number(field.facts.range[0])} … ${number(field.facts.range[1])} in training` : "";
const unitOf = facts => facts?.unit ? ` (${facts.unit})` : "";
const singles = () => model.fields.filter(field => !field.steps);

function draw(field, id) {
  const help = make("p", { className: "soft", id: `${id}-hint` });
  hints(field).forEach((text, place) => help.append(place ? "; " : "", say(text)));
  const common = { id, name: field.name, "aria-describedby": `${id}-hint` };
  const name = field.name + unitOf(field.facts), title = make("label", { htmlFor: id }, name);
  if (field.widget === "file") return drawFile(field, common, title, help);
  if (field.widget === "choices") {
    const boxes = field.options.map(each =>
      make("label", {}, make("input", { type: "checkbox", value: each, name: field.name }), ` ${each}`));
    return make("fieldset", { className: "wide" }, make("legend", {}, name), make("div", { className: "checks" }, ...boxes), help);
  }
  let input;
  if (field.widget === "number") input = make("input", { type: "text", inputMode: "decimal", ...common });
  else if (field.widget === "word") input = make("input", { type: "text", ...common });
  else if (field.widget === "date") input = make("input", { type: field.time ? "datetime-local" : "date", ...common });
  else if (field.widget === "choice")
    input = make("select", common, ...(field.optional ? [tell(make("option", { value: "" }), "unknown")] : []),
      ...field.options.map(each => make("option", { value: each }, String(each))));
  else input = make("textarea", common);
  return make("div", { className: input.tagName === "TEXTAREA" ? "wide" : "" }, title, input, help);
}

function drawFile(field, common, title, help) {
  const input = make("input", { type: "file", accept: field.accept, ...common });
  const preview = field.shows === "audio" ? make("audio", { controls: true, hidden: true })
    : tell(make("img", { hidden: true }), `preview of ${field.name}`, "alt");
  const box = make("div", { className: "drop" }, preview,
    tell(make("p", { className: "soft" }), `Drop a file here, or choose one: ${field.what}.`), input);
  const show = () => {
    if (preview.src) URL.revokeObjectURL(preview.src);
    preview.hidden = !input.files.length;
    if (input.files.length) preview.src = URL.createObjectURL(input.files[0]);
  };
  input.addEventListener("change", show);
  at("form").addEventListener("reset", () => setTimeout(show));
  box.addEventListener("drop", () => setTimeout(ask));
  dropped(box, input, show);
  return make("div", { className: "wide" }, title, box, help);
}

function drawOption(name, schema) {
  const id = `o-${name}`, numeric = ["integer", "number"].includes(schema.type);
  const input = make("input", { id, name, type: "text", inputMode: numeric ? "decimal" : "text" });
  return make("div", {}, tell(make("label", { htmlFor: id }), name.replaceAll("_", " ")), input);
}

// of several values one as it is, or a list in JSON: ["\n"]
function optionValue(schema, text) {
  if (["integer", "number"].includes(schema.type)) return Number(text.replace(",", "."));
  if (schema.type !== "array") return text;
  return text.startsWith("[") ? JSON.parse(text) : [optionValue(schema.items ?? {}, text)];
}

function options() {
  const asked = {};
  for (const [name, schema] of Object.entries(model.options)) {
    const input = at(`o-${name}`), text = input.value.trim();
    if (!text) continue;
    const value = optionValue(schema, text);
    if (Number.isNaN(value)) { input.focus(); throw fault(name, `“${text}” is not a number.`); }
    asked[name] = value;
  }
  return Object.keys(asked).length ? { options: asked } : {};
}

const readFile = file => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",", 2)[1]);
  reader.onerror = () => failed(fault(file.name, "The file can't be read."));
  reader.readAsDataURL(file);
});

const inputOf = field => at(`f${model.fields.indexOf(field)}`);
const boxesOf = field => [...document.querySelectorAll("#fields input[type=checkbox]")].filter(box => box.name === field.name);

async function row() {
  const values = model.fields.some(field => field.steps) ? windows() : {};
  for (const field of singles()) {
    const input = inputOf(field);
    if (field.widget === "choices") values[field.name] = boxesOf(field).filter(box => box.checked).map(box => box.value);
    else if (field.widget === "file") {
      if (!input.files.length) throw fault(field.name, "choose a file first.");
      values[field.name] = await readFile(input.files[0]);
    } else if (!input.value.trim()) {
      if (input.validity?.badInput) { input.focus(); throw fault(field.name, "this is no date."); }
      if (!field.optional) { input.focus(); throw fault(field.name, "a value is required."); }
    } else if (field.widget === "number") {
      const value = Number(input.value.replace(",", "."));
      if (Number.isNaN(value)) { input.focus(); throw fault(field.name, `“${input.value}” is not a number.`); }
      values[field.name] = value;
    } else if (field.widget === "numbers") {
      const lines = input.value.trim().split(/\n/).map(line => line.trim().split(/[\s,;]+/).map(Number));
      values[field.name] = field.flat ? lines.flat() : lines;
    } else values[field.name] = input.value;
  }
  if (!Object.values(values).some(value => !Array.isArray(value) || value.length))
    throw new Error("Nothing is filled in: answer at least one of the fields.");
  return values;
}

// a row into the fields, as far as they are no files
function fill(values) {
  if (model.fields.some(field => field.steps)) at("table").value = written(values);
  for (const field of singles()) {
    const value = values[field.name];
    if (field.widget === "file") continue;
    if (field.widget === "choices") boxesOf(field).forEach(box => box.checked = (value ?? []).includes(box.value));
    else if (field.widget === "numbers")
      inputOf(field).value = (value ?? []).map(line => [line].flat().join(" ")).join(field.flat ? " " : "\n");
    else inputOf(field).value = Array.isArray(value) ? value.join(" ") : value ?? "";
  }
}
