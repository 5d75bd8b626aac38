// the same question as a command and as a program, which work as they are printed
const shellWord = text => `'${text.replaceAll("'", "'\\''")}'`;

function showPrograms() {
  const address = `${location.origin}/v1/models/${encodeURIComponent(model.name)}/predict`;
  const files = model.fields.filter(field => field.widget === "file");
  const row = Object.fromEntries(model.fields.filter(field => !files.includes(field)).map(field => [field.name, field.example]));
  const given = key ? '  -H "X-API-Key: $KEY" \\\n' : "";
  at("curl").textContent = files.length ? `curl ${address} \\\n${given}${formParts(files, row)}`
    : `curl ${address} \\\n${given}  -H "Content-Type: application/json" \\\n  -d ${shellWord(JSON.stringify({ rows: [row] }))}`;
  const read = files.map(field => `question["rows"][0][${JSON.stringify(field.name)}] = ` +
    `base64.b64encode(open(${JSON.stringify(fileName(field))}, "rb").read()).decode()\n`).join("");
  at("python").textContent = `import ${files.length ? "base64, " : ""}json, os, urllib.request\n\n` +
    `question = json.loads(${JSON.stringify(JSON.stringify({ rows: [row] }))})\n${read}` +
    `headers = {"Content-Type": "application/json"${key ? ', "X-API-Key": os.environ["KEY"]' : ""}}\n` +
    `address = "${address}"\n` +
    "request = urllib.request.Request(address, json.dumps(question).encode(), headers)\n" +
    'print(json.load(urllib.request.urlopen(request))["answers"])';
}

// a file to be put where the program runs
const fileName = field => `${field.name.replace(/\W/g, "_")}${field.shows === "audio" ? ".wav" : ".png"}`;
const formParts = (files, row) => [
  ...files.map(field => `  -F ${shellWord(`${field.name}=@${fileName(field)}`)}`),
  ...Object.entries(row).map(([name, value]) =>
    `  --form-string ${shellWord(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`),
].join(" \\\n");
