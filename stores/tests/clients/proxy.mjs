// A bad network between a phone and Plaza, and two servers that break the contract on purpose.
import http from 'node:http';

/** Return a source of numbers in [0, 1) that a seed repeats (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const body = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};

/** What a server does that gives fewer rows than it was asked for and does not say so. */
export const clampedLimit = (rows) => ({
  path: (path) => path.replace(/\blimit=(\d+)/, (_, n) => `limit=${Math.min(n, rows)}`),
});

/** What a server does that adds a field to documents of a version that does not have it. */
export const unknownField = (field) => ({
  answer: (text) => {
    const page = JSON.parse(text);
    for (const document of page.documents ?? []) document[field] = 'new';
    return JSON.stringify(page);
  },
});

/** One network. `lost` and `refused` are shares of the requests; both end as a broken connection. */
export class Proxy {
  constructor(target, { chance = Math.random, trap = {} } = {}) {
    this.target = new URL(target);
    this.chance = chance;
    this.trap = trap;
    this.lost = 0;
    this.refused = 0;
    this.isDown = false;
    this.seen = { asked: 0, pushed: 0, lost: 0, refused: 0 };
    this.agent = new http.Agent({ keepAlive: true });
    this.server = http.createServer((request, response) => this.carry(request, response));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async carry(request, response) {
    try {
      this.seen.asked += 1;
      const sent = await body(request);
      if (this.isDown || this.chance() < this.refused) {
        this.seen.refused += 1;
        request.socket.destroy();
        return;
      }
      const answer = await this.forward(request, sent);
      if (request.method === 'POST') this.seen.pushed += 1;
      // Counted among those that were not refused, so that the share is of all requests.
      if (this.chance() < this.lost / (1 - this.refused)) {
        this.seen.lost += 1;
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    } catch {
      request.socket.destroy();
    }
  }

  forward(request, sent) {
    const { path = (unchanged) => unchanged, answer: change = (unchanged) => unchanged } = this.trap;
    const headers = { ...request.headers, host: this.target.host };
    delete headers['accept-encoding'];
    return new Promise((resolve, reject) => {
      const options = { method: request.method, headers, agent: this.agent };
      const asked = http.request(new URL(path(request.url), this.target), options, async (answer) => {
        try {
          const text = change(await body(answer));
          const kept = { 'content-type': answer.headers['content-type'] };
          resolve({ status: answer.statusCode, headers: kept, body: text });
        } catch (error) {
          reject(error);
        }
      });
      asked.on('error', reject);
      asked.end(sent);
    });
  }

  async stop() {
    this.server.closeAllConnections();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
