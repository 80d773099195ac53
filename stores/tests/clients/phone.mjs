// A phone: RxDB as it comes from npm, and the few lines that an app writes around it.
import { indexedDB, IDBKeyRange } from 'fake-indexeddb';
import { createRxDatabase } from 'rxdb/plugins/core';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';

export const PULL_ROWS = 100;
export const PUSH_ROWS = 10;
export const CATALOGUE = ['products', 'portfolios', 'establishments'];
// What the phone writes, too: it stays when the rest begins anew.
export const OWN = ['visits', 'cases'];
export const COLLECTIONS = [...CATALOGUE, ...OWN];

const plain = {
  memory: getRxStorageMemory(),
  // Node has no IndexedDB: this one lives in the process, so a phone that is closed and opened
  // again finds what it wrote.
  dexie: getRxStorageDexie({ indexedDB, IDBKeyRange }),
};
export const STORAGES = Object.keys(plain);

// The fields of schema 1, and no other. Only `id` is required, because a deleted document carries
// nothing else and RxDB holds deleted documents against the schema, too.
const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const whole = { type: 'integer' };
const wholeOrNull = { type: ['integer', 'null'] };
const ids = { type: 'array', items: whole };
const day = { type: 'string', format: 'date' };
const dayOrNull = { type: ['string', 'null'] };

const documents = (properties) => ({
  version: 0,
  type: 'object',
  primaryKey: 'id',
  properties: { id: { type: 'string', maxLength: 64 }, ...properties },
  required: ['id'],
  additionalProperties: false,
});

const SCHEMAS = {
  products: documents({
    sku: text,
    gtin: textOrNull,
    name: text,
    brand: text,
    category: text,
    is_competitor: { type: 'boolean' },
  }),
  portfolios: documents({
    portfolio_id: text,
    typology: text,
    region: text,
    version: whole,
    valid_from: day,
    valid_until: dayOrNull,
    product_ids: ids,
  }),
  establishments: documents({
    code: text,
    name: text,
    address: text,
    city: { type: 'object', properties: { code: text, name: text }, additionalProperties: false },
    typology: text,
    region: text,
    portfolio_id: textOrNull,
    location: {
      type: ['object', 'null'],
      properties: { lat: { type: 'number' }, lon: { type: 'number' } },
      additionalProperties: false,
    },
    geofence_m: whole,
    assigned_from: day,
    assigned_until: dayOrNull,
  }),
  visits: documents({
    // What the phone says.
    establishment: text,
    captured_at: text,
    ended_at: text,
    clock_offset_ms: whole,
    location: { type: ['object', 'null'] },
    portfolio_version_id: text,
    seen: ids,
    facings: { type: 'object' },
    total_facings: whole,
    outcome: text,
    note: text,
    app_version: text,
    // What the server says.
    state: text,
    flags: { type: 'array', items: text },
    problems: { type: 'array' },
    received_at: text,
    occurred_at: text,
    day,
    portfolio_version: wholeOrNull,
    must_have: wholeOrNull,
    present: wholeOrNull,
    compliance: textOrNull,
    missing: ids,
    photos_missing: whole,
  }),
  cases: documents({
    kind: text,
    subject: text,
    details: text,
    visit_id: textOrNull,
    request_id: textOrNull,
    // What the server says.
    state: text,
    number: text,
    answer: text,
    updated_at: text,
    flags: { type: 'array', items: text },
    problems: { type: 'array' },
  }),
};

/** An app on a phone. `name` is its database: the same name again is a restart, another one a new install. */
export class Phone {
  static async open({ name, storage, url, token }) {
    const phone = new Phone();
    Object.assign(phone, { url, token, history: 1, replications: {}, errors: [] });
    phone.database = await createRxDatabase({
      name,
      storage: wrappedValidateAjvStorage({ storage: plain[storage] }),
      multiInstance: false,
      closeDuplicates: false,
    });
    await phone.add(COLLECTIONS);
    return phone;
  }

  async add(names) {
    const created = await this.database.addCollections(
      Object.fromEntries(names.map((name) => [name, { schema: SCHEMAS[name] }])),
    );
    for (const name of names) this[name] = created[name];
  }

  async ask(path, options = {}) {
    const answer = await fetch(this.url + path, {
      ...options,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.token}` },
    });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.detail), { code: said.code });
    return said;
  }

  replicate(names = COLLECTIONS) {
    for (const name of names) {
      const address = `/api/sync/${name}?schema=1`;
      const replication = replicateRxCollection({
        collection: this[name],
        replicationIdentifier: `plaza-${name}-${this.history}`,
        live: true,
        retryTime: 50,
        pull: {
          batchSize: PULL_ROWS,
          handler: async (checkpoint, rows) =>
            this.ask(`${address}&${new URLSearchParams({ limit: rows, ...checkpoint })}`),
        },
        push: OWN.includes(name) && {
          batchSize: PUSH_ROWS,
          handler: async (rows) => this.ask(address, { method: 'POST', body: JSON.stringify(rows) }),
        },
      });
      replication.error$.subscribe((error) => this.errors.push({ name, error }));
      this.replications[name] = replication;
    }
  }

  /** Ask for news and wait until all is up and down. */
  async sync(names = COLLECTIONS) {
    const running = names.map((name) => this.replications[name]);
    await Promise.all(running.map((replication) => replication.awaitInitialReplication()));
    for (const replication of running) replication.reSync();
    await Promise.all(running.map((replication) => replication.awaitInSync()));
  }

  /**
   * The recipe for `resync_required`. The pulled collections go and come anew. Visits and cases stay, and a
   * replication of another name begins: what the server has lost of them goes up again.
   */
  async resync() {
    for (const name of COLLECTIONS) await this.replications[name].cancel();
    for (const name of CATALOGUE) await this[name].remove();
    this.errors.length = 0;
    this.history += 1;
    await this.add(CATALOGUE);
    this.replicate();
    await this.sync();
  }

  record(visit) {
    return this.visits.insert(visit);
  }

  file(filed) {
    return this.cases.insert(filed);
  }

  /** Return the documents of a collection by their id. */
  async copy(name) {
    const found = await this[name].find().exec();
    return new Map(found.map((document) => [document.id, document.toJSON()]));
  }

  /** Return the codes of the errors that a server's answer, or a document's shape, caused. */
  complaints(name) {
    const codes = this.errors
      .filter((one) => !name || one.name === name)
      .flatMap(({ error }) => [
        ...(error.parameters.errors ?? []).map((cause) => cause.code),
        error.parameters.writeError?.validationErrors?.[0].keyword,
      ]);
    return [...new Set(codes.filter((code) => code && !NETWORK.has(code)))];
  }

  close() {
    return this.database.close();
  }
}

const NETWORK = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'ECONNREFUSED']);
