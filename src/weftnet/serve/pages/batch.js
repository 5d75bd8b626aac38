// a file of many rows, answered as a file
const AT_ONCE = 100, ROWS = 100000;

// rows of a table or of lines of JSON, by the columns that the model reads
function rowsOf(name, text) {
  if (/\.(jsonl|ndjson)$/i.test(name) || /^\s*\{/.test(text)) return text.split("\n").flatMap((line, number) => {
    if (!line.trim()) return [];
    try { return [JSON.parse(line)]; } catch { throw new Error(`Line ${number + 1} is not JSON.`); }
  });
  const { lines, comma } = cells(text);
  const [head, ...rest] = lines, names = (head ?? []).map(each => each.trim());
  return rest.map(line => Object.fromEntries(names.map((each, place) => {
    const field = model.fields.find(one => one.name === each), cell = line[place] ?? "";
    return [each, field ? valueOf(cell, comma, field.wire === "number") : cell];
  })));
}

// a row as it is sent: what the model reads of it; in a table, lists are written in JSON
function asked(given) {
  const row = {};
  for (const field of model.fields) {
    const value = given[field.name];
    if (value === undefined || value === null) continue;
    const list = typeof value === "string" && ["labels", "numbers", "boxes"].includes(field.wire);
    try { row[field.name] = list ? JSON.parse(value) : value; } catch { row[field.name] = value; }
  }
  return row;
}

// an answer in columns: texts and numbers as they are, shares a column each, all else in JSON
function columns(answer) {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !model.answer[name]?.constant).flatMap(([name, value]) => {
    const form = model.answer[name] ?? {};
    if (form.draw !== "shares" || form.open) return [[name, typeof value === "object" ? JSON.stringify(value) : value]];
    const shares = Object.entries(value).map(([each, share]) => [`p_${each}`, share]);
    return form.exclusive ? [["confidence", Math.max(...Object.values(value))], ...shares] : shares;
  }));
}

async function answered(given, done) {
  const path = `/v1/models/${encodeURIComponent(model.name)}/predict`, answers = [], left = [], chosen = options();
  for (let start = 0; start < given.length; start += AT_ONCE) {
    const rows = given.slice(start, start + AT_ONCE).map(asked);
    const empty = rows.findIndex(row => !Object.keys(row).length);
    if (empty >= 0) throw fault(`row ${start + empty}`, `None of the columns is there: ${model.fields.map(each => each.name).join(", ")}.`);
    let reply;
    try { reply = await call(path, { rows, ...chosen }); } catch (error) {
      if (error.row >= 0) error.lines?.unshift(["", `Row ${start + error.row} of the file, counted from 0`]);
      throw error;
    }
    answers.push(...reply.answers);
    left.push(...(reply.marks ?? rows.map(() => [])));
    done(answers.length);
  }
  return [answers, left];
}

async function answerFile(file) {
  showError(null);
  at("batch-link").replaceChildren();
  at("batch-file").disabled = true;
  try {
    const lines = /\.(jsonl|ndjson)$/i.test(file.name), given = rowsOf(file.name, await file.text());
    if (!given.length) throw new Error("The file holds no rows.");
    if (given.length > ROWS) throw new Error(`The file holds ${number(given.length)} rows; at most ${number(ROWS)} are answered here.`);
    at("batch-done").hidden = false;
    const [answers, left] = await answered(given, count => {
      at("batch-done").value = count / given.length;
      at("batch-said").replaceChildren(say(`${number(count)} of ${number(given.length)} rows are answered.`));
    });
    const marked = left.filter(each => each.length).length;
    const name = file.name.replace(/\.\w+$/, "") + (lines ? ".answers.jsonl" : ".answers.csv");
    at("batch-link").append(lines ? save(name, answers.map((answer, place) =>
      JSON.stringify({ ...answer, ...(left[place].length ? { marks: left[place] } : {}) }) + "\n").join(""), "application/x-ndjson")
      : save(name, asTable(given, answers, left), "text/csv"));
    if (marked) at("batch-link").append(" ", say(`${number(marked)} rows left what was seen in training, and say so.`));
  } catch (error) {
    at("batch-said").replaceChildren();
    showError(error);
  } finally {
    at("batch-done").hidden = true;
    at("batch-file").disabled = false;
    at("batch-file").value = "";
  }
}

// the file's own columns, then those of the answers
function asTable(given, answers, left) {
  const found = answers.map(columns), names = [...new Set(found.flatMap(each => Object.keys(each)))];
  const own = [...new Set(given.flatMap(each => Object.keys(each)))], noted = left.some(each => each.length);
  const title = name => own.includes(name) ? `answer_${name}` : name;
  const cell = value => value !== null && typeof value === "object" ? JSON.stringify(value) : value;
  return csv([[...own, ...names.map(title), ...(noted ? ["marks"] : [])], ...given.map((row, place) =>
    [...own.map(name => cell(row[name])), ...names.map(name => found[place][name]), ...(noted ? [left[place].join("; ")] : [])])]);
}
