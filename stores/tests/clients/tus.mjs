// A phone's photos on a network that cuts every piece in the middle: `make clients` starts it.
//
// tus-js-client is as npm gives it. Each file is sent to a node alone and through nginx; what the
// server then has is read back and compared by its SHA-256.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';

const { PLAZA_URL: plaza, PLAZA_PROXY: proxied, PLAZA_PHOTOS: folder, PLAZA_WORLD: world } = process.env;
const { sellers, password } = JSON.parse(world);
const NODE_PIECE = 128 * 1024;
const PROXY_PIECE = 32 * 1024;
const SMALL = 4 * 1024; // a rest that is let through, or a piece would be halved for ever
let broken = 0;

const say = (words) => process.stdout.write(`${words}\n`);
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

function promise(kept, words, found = '') {
  if (!kept) broken += 1;
  say(`  ${kept ? 'kept' : 'BROKEN'}: ${words}${kept || found === '' ? '' : ` (${found})`}`);
}

async function ask(target, token, path, options = {}) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(target + path, { ...options, headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** A network that breaks off each PATCH once, in the middle of its body, and counts what arrived. */
class Cutter {
  constructor(target) {
    this.target = new URL(target);
    this.cut = 0;
    this.sent = 0;
    this.known = new Set(); // pieces that were broken off once
    this.offsets = new Map(); // what the server said last, by upload
    this.accepted = new Map();
    this.backwards = 0;
    this.server = http.createServer((request, response) => this.carry(request, response));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async carry(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const piece = `${request.url} ${request.headers['upload-offset']}`;
    if (request.method === 'PATCH') {
      this.sent += 1;
      if (body.length > SMALL && !this.known.has(piece)) {
        this.known.add(piece);
        this.cut += 1;
        await this.half(request, body);
        request.socket.destroy();
        return;
      }
    }
    this.forward(request, body, response);
  }

  /** Send the head and half of the body, then break the link to the server. */
  half(request, body) {
    return new Promise((resolve) => {
      const socket = net.connect(this.target.port, this.target.hostname, () => {
        const lines = [`${request.method} ${request.url} HTTP/1.1`];
        for (const [name, value] of Object.entries({ ...request.headers, host: this.target.host })) {
          lines.push(`${name}: ${value}`);
        }
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
        // Ended and not reset: a reset may overtake bytes that the server has not read yet.
        socket.end(body.subarray(0, body.length >> 1));
      });
      const done = () => {
        socket.destroy();
        resolve();
      };
      socket.on('error', done);
      socket.on('close', done);
      socket.resume();
      setTimeout(done, 2000);
    });
  }

  forward(request, body, response) {
    const headers = { ...request.headers, host: this.target.host };
    const options = { method: request.method, headers };
    const asked = http.request(new URL(request.url, this.target), options, (answer) => {
      if (answer.statusCode < 300) this.count(request, answer);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => request.socket.destroy());
    asked.end(body);
  }

  count(request, answer) {
    const upload = answer.headers.location ?? request.url;
    const now = Number(answer.headers['upload-offset']);
    const before = this.offsets.get(upload) ?? 0;
    if (now < before) this.backwards += 1;
    this.offsets.set(upload, now);
    this.accepted.set(upload, (this.accepted.get(upload) ?? 0) + (now - before));
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Send one file as an app would, and return the address of its upload. */
function send(cutter, token, data, metadata, chunkSize) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(data, {
      endpoint: `${cutter.url}/api/photos`,
      headers: { Authorization: `Bearer ${token}` },
      metadata,
      chunkSize,
      retryDelays: [0, 20, 50, 100, 200, 400],
      onError: reject,
      onSuccess: () => resolve(new URL(upload.url).pathname),
    });
    upload.start();
  });
}

async function day(name, target, chunkSize, seller, salt) {
  say(`${name}:`);
  const credentials = JSON.stringify({ email: seller.email, password });
  const pair = await (await ask(target, '', '/api/auth/token', { method: 'POST', body: credentials })).json();
  const token = pair.access;
  const files = readdirSync(folder).sort().map((file) => {
    // Bytes behind the end of a picture make each run's files its own.
    const data = Buffer.concat([readFileSync(join(folder, file)), Buffer.from(salt)]);
    return { id: randomUUID(), data, sha256: sha256(data) };
  });
  const visit = {
    id: randomUUID(),
    establishment: '1',
    captured_at: new Date().toISOString(),
    seen: [],
    photos: files.map(({ id, sha256: digest, data }) => (
      { id, sha256: digest, bytes: data.length, type: 'image/jpeg', kind: 'shelf' })),
  };
  const push = async () => {
    const body = JSON.stringify([{ newDocumentState: visit }]);
    const answer = await ask(target, token, '/api/sync/visits', { method: 'POST', body });
    return (await answer.json())[0];
  };
  const cutter = await new Cutter(target).start();
  const metadata = ({ id, sha256: digest }) => (
    { id, sha256: digest, visit: visit.id, type: 'image/jpeg', kind: 'shelf', filename: 'IMG_1.jpg' });
  const paths = [];
  for (const [place, file] of files.entries()) {
    if (place === files.length >> 1) {
      const { photos_missing: left } = await push();
      promise(left === files.length - place, 'the visit finds the photos that came before it', left);
    }
    paths.push(await send(cutter, token, file.data, metadata(file), chunkSize));
  }
  let intact = 0;
  for (const [place, path] of paths.entries()) {
    const answer = await ask(target, token, `${path}/file`);
    if (sha256(Buffer.from(await answer.arrayBuffer())) === files[place].sha256) intact += 1;
  }
  promise(intact === files.length, `${files.length} of ${files.length} files are intact`, intact);
  const { photos_missing: left } = await push();
  promise(left === 0, 'the visit misses none', left);
  const bytes = files.reduce((sum, { data }) => sum + data.length, 0);
  const accepted = [...cutter.accepted.values()].reduce((sum, one) => sum + one, 0);
  promise(accepted === bytes, 'no byte was taken twice', `${accepted} of ${bytes}`);
  promise(cutter.backwards === 0, 'no offset went back', cutter.backwards);
  promise(cutter.cut >= files.length, 'every piece was cut once', cutter.cut);
  say(`  ${cutter.sent} PATCHes, ${cutter.cut} cut in the middle, ${bytes} bytes`);
  await cutter.stop();
}

await day('tus, a node alone', plaza, NODE_PIECE, sellers[0], 'node');
if (proxied) await day('tus, behind nginx', proxied, PROXY_PIECE, sellers[1], 'nginx');
else say('tus, behind nginx: left out, nginx is not installed');
process.exit(broken ? 1 : 0);
