// tables in text: one to ask a forecast with, and those of many rows

// cells of a table in text, with quotes as CSV has them; divided by tabs, semicolons or commas, whichever the first line has
function cells(text) {
  const first = text.split("\n", 1)[0];
  const between = ["\t", ";", ","].find(each => first.includes(each)) ?? ",";
  const lines = [[]];
  let cell = "", quoted = false;
  for (let place = 0; place < text.length; place++) {
    const each = text[place];
    if (quoted) {
      if (each === '"' && text[place + 1] === '"') { cell += '"'; place++; }
      else if (each === '"') quoted = false;
      else cell += each;
    } else if (each === '"' && !cell) quoted = true;
    else if (each === between) { lines.at(-1).push(cell); cell = ""; }
    else if (each === "\n") { lines.at(-1).push(cell); cell = ""; lines.push([]); }
    else if (each !== "\r") cell += each;
  }
  if (quoted) throw new Error("The table can't be read: a quotation mark is not closed.");
  lines.at(-1).push(cell);
  return { lines: lines.filter(line => line.some(each => each.trim())), comma: between !== "," };
}

// a cell as a value of JSON: nothing, a number, or a word
function valueOf(text, comma, numeric = true) {
  const word = text.trim(), plain = comma ? word.replace(",", ".") : word;
  if (!word) return null;
  return numeric && !Number.isNaN(Number(plain)) ? Number(plain) : word;
}

const windowed = () => model.fields.filter(field => field.steps);
const ahead = () => Math.max(...windowed().map(field => field.ahead));
const context = () => Math.max(...windowed().map(field => field.steps - field.ahead));

function drawTable() {
  const names = windowed().map(field => field.name), help = make("p", { className: "soft", id: "table-hint" });
  const known = windowed().filter(field => field.ahead).map(field => field.name);
  help.append(say(`The last ${context()} rows, the oldest first, with a header or in this order of columns`), `: ${names.join(", ")}. `);
  if (known.length) help.append(say(`Behind them ${ahead()} rows that are asked about, in which these are known`), `: ${known.join(", ")}. `);
  const input = make("textarea", { id: "table", spellcheck: false, "aria-describedby": "table-hint", placeholder: names.join(",") });
  const file = tell(make("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv" }), "A file with the table", "aria-label");
  const box = make("div", { className: "drop" },
    tell(make("p", { className: "soft" }), "Drop a table here (CSV), or choose one; or paste it below."), file);
  dropped(box, file, async each => { input.value = await each.text(); ask(); });
  return make("div", { className: "wide" }, tell(make("label", { htmlFor: "table" }), "The rows so far"), box, input, help);
}

// the windows of a table's last rows, by column
function windows() {
  const { lines, comma } = cells(at("table").value), fields = windowed();
  if (!lines.length) throw new Error("The table is empty: paste the rows so far, or take the example.");
  let head = lines[0].map(each => each.trim());
  if (head.some(each => fields.some(field => field.name === each))) lines.shift();
  else {
    if (head.length !== fields.length)
      throw new Error(`The table has ${head.length} columns and no header, but ${fields.length} are asked for.`);
    head = fields.map(field => field.name);
  }
  const wanted = context() + ahead();
  if (lines.length < wanted) throw new Error(`The table has ${lines.length} rows, but ${wanted} are needed.`);
  const values = {}, last = lines.slice(-wanted);
  for (const field of fields) {
    const place = head.indexOf(field.name);
    if (place < 0) throw fault(field.name, "there is no such column in the table.");
    values[field.name] = last.slice(0, field.steps).map(line => valueOf(line[place] ?? "", comma, field.wire === "numbers"));
  }
  return values;
}

const quotedCell = value => {
  const text = value == null ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csv = lines => lines.map(line => line.map(quotedCell).join(",") + "\n").join("");

// the windows of a row as a table
function written(values) {
  const fields = windowed(), steps = context() + ahead();
  const lines = Array.from({ length: steps }, (_, step) => fields.map(field => values[field.name]?.[step]));
  return csv([fields.map(field => field.name), ...lines]);
}
