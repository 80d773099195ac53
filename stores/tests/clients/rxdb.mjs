// The working day of a seller's phone on a network that loses answers: `make clients` starts it.
//
// RxDB is as npm gives it, on each of its free storages. Each promise is written down as kept or
// broken. Two servers that break the contract come last: were a phone content with them, this run
// would see nothing at all, and fails.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CATALOGUE, COLLECTIONS, PULL_ROWS, Phone, STORAGES } from './phone.mjs';
import { Proxy, clampedLimit, random, unknownField } from './proxy.mjs';

const { PLAZA_URL: plaza, PLAZA_MANAGE: manage, PLAZA_WORLD: world } = process.env;
const { admin, sellers, password } = JSON.parse(world);
const SEED = Number(process.env.SEED ?? 0) || Math.floor(Math.random() * 2 ** 31);
const VISITS = 200;
const LOST = 0.4;
const REFUSED = 0.2;
const MAX_SECONDS = 60;
const chance = random(SEED);
let broken = 0;
let phone; // the one that is used at the moment

const say = (words) => process.stdout.write(`${words}\n`);

/** End the run when a phone does not come to rest, which is how a server is told its answers loop. */
function watch(what, seconds) {
  const hung = () => {
    say(`  BROKEN: ${what} came to no end in ${seconds} s (${phone?.complaints()})`);
    process.exit(1);
  };
  const timer = setTimeout(hung, seconds * 1000);
  return () => clearTimeout(timer);
}

function promise(kept, words, found = '') {
  if (!kept) broken += 1;
  say(`  ${kept ? 'kept' : 'BROKEN'}: ${words}${kept || found === '' ? '' : ` (${found})`}`);
}

async function ask(token, path, options = {}) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(plaza + path, { ...options, headers });
  const said = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(`${options.method ?? 'GET'} ${path}: ${JSON.stringify(said)}`);
  return said;
}

const send = (token, method, path, body) =>
  ask(token, path, { method, body: body && JSON.stringify(body) });

async function signIn(email) {
  const pair = await send('', 'POST', '/api/auth/token', { email, password });
  return pair.access;
}

/** Return the documents that a phone must have, pulled from the start without any trouble. */
async function master(token, name) {
  const documents = new Map();
  let checkpoint = {};
  for (;;) {
    const query = new URLSearchParams({ schema: 1, limit: 500, ...checkpoint });
    const page = await ask(token, `/api/sync/${name}?${query}`);
    for (const { _deleted: isDeleted, ...document } of page.documents) {
      if (isDeleted) documents.delete(document.id);
      else documents.set(document.id, document);
    }
    if (page.documents.length < 500) return documents;
    checkpoint = page.checkpoint;
  }
}

/** Return in what a phone's copy differs from the server's documents; equal ones say nothing. */
async function differences(phone, token, names = COLLECTIONS) {
  const found = [];
  for (const name of names) {
    const [here, there] = [await phone.copy(name), await master(token, name)];
    for (const [id, document] of there) {
      if (!here.has(id)) found.push(`${name} ${id} is not on the phone`);
      else if (!isDeepStrictEqual(here.get(id), document)) {
        found.push(`${name} ${id}: ${JSON.stringify(here.get(id))} is ${JSON.stringify(document)}`);
      }
    }
    for (const id of here.keys()) {
      if (!there.has(id)) found.push(`${name} ${id} is a ghost`);
    }
  }
  return found;
}

async function promiseEqual(phone, token, when) {
  const found = await differences(phone, token);
  promise(found.length === 0, `${when}: the phone has what the server has`, found.slice(0, 3).join('; '));
}

/** Return all visits of a seller as the list shows them, page by page. */
async function listedVisits(token) {
  const ids = [];
  let path = '/api/visits?limit=100';
  while (path) {
    const page = await ask(token, path);
    ids.push(...page.results.map((visit) => visit.id));
    path = page.next && new URL(page.next, plaza).pathname + new URL(page.next, plaza).search;
  }
  return ids;
}

/** Return a moment as Bogotá writes it. */
const iso = (moment) => `${new Date(moment - 5 * 3_600_000).toISOString().slice(0, 19)}-05:00`;

function visit(establishment, products, number) {
  const begun = Date.now() - (VISITS - number) * 60_000;
  return {
    id: randomUUID(),
    establishment: establishment.id,
    captured_at: iso(begun),
    ended_at: iso(begun + 30_000),
    clock_offset_ms: -1830,
    location: { ...establishment.location, accuracy_m: 14, taken_at: iso(begun), source: 'gps' },
    seen: products.filter((_, place) => (place + number) % 7 < 5).slice(0, 60),
    facings: {},
    total_facings: 40,
    outcome: 'done',
    note: number % 5 ? '' : 'Señal débil — nevera 🧊',
    app_version: '3.2.0',
  };
}

const until = async (happened) => {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** Run one phone through its day. */
async function day(storage, seller, other) {
  say(`${storage}:`);
  const token = await signIn(seller.email);
  const proxy = await new Proxy(plaza, { chance }).start();
  const name = `${storage}-${randomUUID().slice(0, 8)}`;
  const install = (suffix = '') => Phone.open({ name: name + suffix, storage, url: proxy.url, token });
  const started = performance.now();
  const complaints = [];
  phone = await install();
  const restart = async (suffix) => {
    complaints.push(...phone.complaints());
    await phone.close();
    phone = await install(suffix);
  };
  const record = async (from, to) => {
    for (let number = from; number < to; number += 1) {
      await phone.record(visit(stores[number % stores.length], products, number));
    }
  };

  Object.assign(proxy, { lost: LOST, refused: REFUSED });
  phone.replicate();
  await phone.sync();
  await promiseEqual(phone, token, 'first sync');
  const stores = [...(await phone.copy('establishments')).values()];
  const products = [...(await phone.copy('products')).keys()].map(Number);
  promise(products.length > 2 * PULL_ROWS, 'first sync: several pages came', products.length);

  proxy.isDown = true;
  await record(0, 120);
  await restart();
  promise((await phone.copy('visits')).size === 120, 'offline: a restart keeps what was recorded');
  phone.replicate();
  await until(() => phone.errors.length > 0);
  promise((await listedVisits(token)).length === 0, 'offline: nothing went out');

  Object.assign(proxy, { isDown: false });
  const before = proxy.seen.pushed;
  await until(() => proxy.seen.pushed >= before + 3);
  await restart();
  phone.replicate();
  await record(120, VISITS);
  const filed = { id: randomUUID(), kind: 'service_failure', subject: 'La cámara no abre', details: 'Negra.' };
  await phone.file(filed);
  await phone.sync();
  await promiseEqual(phone, token, 'back online');
  const listed = await listedVisits(token);
  promise(
    listed.length === VISITS && new Set(listed).size === VISITS,
    `${VISITS} visits are ${VISITS} rows`,
    listed.length,
  );
  const states = [...(await phone.copy('visits')).values()].map((one) => one.state);
  promise(states.every((state) => state === 'accepted' || state === 'flagged'), 'each has its verdict');

  await restart();
  const pushed = proxy.seen.pushed;
  phone.replicate();
  await phone.sync();
  promise(proxy.seen.pushed === pushed, 'a restart sends nothing again', proxy.seen.pushed - pushed);

  await news(stores[0], products[0], seller, other);
  await phone.sync();
  await promiseEqual(phone, token, 'news');
  promise(!(await phone.copy('establishments')).has(stores[0].id), 'a reassigned store leaves the phone');
  promise(!(await phone.copy('products')).has(String(products[0])), 'so does a retired product');
  const lists = [...(await phone.copy('portfolios')).values()];
  promise(lists.some(({ version }) => version > 1), 'a published list reaches the phone');

  await followed(phone, filed);
  await promiseEqual(phone, token, 'a case that support resolved');

  await unusable(phone, visit(stores[1], products, 0));
  await promiseEqual(phone, token, 'a rejected visit taken off the phone');

  await restart('-again');
  phone.replicate();
  await phone.sync();
  await promiseEqual(phone, token, 'reinstalled');
  promise((await phone.copy('visits')).size === VISITS, 'reinstalled: every visit came back');
  complaints.push(...phone.complaints());
  promise(complaints.length === 0, 'no answer was refused, no document had another shape', complaints);

  const seconds = (performance.now() - started) / 1000;
  const { asked, lost, refused } = proxy.seen;
  promise(lost > asked / 5 && refused > asked / 10, 'the network was bad', JSON.stringify(proxy.seen));
  promise(seconds < MAX_SECONDS, `in less than ${MAX_SECONDS} s`, seconds);
  say(`  ${asked} requests, ${lost} answers lost, ${refused} refused, ${seconds.toFixed(1)} s`);

  await newEpoch(phone, token, seller, visit(stores[1], products, VISITS));
  await phone.close();
  await proxy.stop();
}

/** Record a visit that is none: it gets its verdict, holds up nobody, and can be taken off. */
async function unusable(phone, { seen, ...rest }) {
  await phone.record({ ...rest, note: `${seen.length} products, not said which` });
  await phone.sync();
  const { state, problems, ...kept } = (await phone.copy('visits')).get(rest.id);
  promise(state === 'rejected' && problems.length > 0, 'a visit that is none is rejected, with reasons');
  promise(kept.establishment === rest.establishment && kept.note !== '', 'what it said stays');
  await phone.visits.findOne(rest.id).remove();
  await phone.sync();
}

/** Let support resolve a case, and the phone hear of it. */
async function followed(phone, { id }) {
  const work = () => command('shell', '--no-imports', '-c', 'from stores.tests.clients import seed; seed.work()');
  promise((await phone.copy('cases')).get(id).state === 'new', 'a case is filed');
  work();
  await phone.sync();
  const { number } = (await phone.copy('cases')).get(id);
  promise(number !== '', 'a case gets its number');
  const token = await signIn(admin.email);
  const body = { resolution: 'fixed', note: 'Actualice la aplicación.' };
  await send(token, 'POST', `/api/cases/${number}/resolve`, body);
  work();
  await phone.sync();
  const { state, answer } = (await phone.copy('cases')).get(id);
  promise(state === 'resolved' && answer === body.note, 'the answer is on the phone', `${state} ${answer}`);
}

/** Change the catalogue behind a phone's back. */
async function news(store, product, seller, other) {
  const token = await signIn(admin.email);
  await send(token, 'POST', `/api/establishments/${store.id}/reassign`, {
    from: seller.id,
    to: other.id,
    on: iso(Date.now()).slice(0, 10),
  });
  await send(token, 'DELETE', `/api/products/${product}?force=true`);
  const { results } = await ask(token, '/api/portfolios?typology=minimarket&region=antioquia-eje');
  const path = `/api/portfolios/${results[0].id}`;
  const products = [...(await phone.copy('products')).values()].slice(1, 20).map(({ sku }) => sku);
  await send(token, 'PUT', `${path}/draft`, { products, valid_from: iso(Date.now()).slice(0, 10) });
  await send(token, 'POST', `${path}/publish`);
}

/** Restore a backup, as it were: the server has lost visits, and the phone must begin anew. */
async function newEpoch(phone, token, seller, another) {
  const kept = await listedVisits(token);
  command('shell', '--no-imports', '-c', `from stores.tests.clients import seed; seed.lose(${seller.id})`);
  command('new_sync_epoch', '--yes');
  const left = await listedVisits(token);
  promise(left.length > 0 && left.length < kept.length, 'restored: visits are lost', left.length);
  await phone.record(another);
  for (const name of COLLECTIONS) phone.replications[name].reSync();
  await until(() => CATALOGUE.every((name) => phone.complaints(name).includes('resync_required')));
  await phone.replications.visits.awaitInSync();
  promise((await listedVisits(token)).includes(another.id), 'new epoch: new visits go on');
  await phone.resync();
  await promiseEqual(phone, token, 'new epoch, begun anew');
  const listed = await listedVisits(token);
  promise(isDeepStrictEqual(listed.sort(), [...kept, another.id].sort()), 'the lost visits are back', listed.length);
  promise(phone.complaints().length === 0, 'new epoch: nothing is refused any more');
}

/** Run one of Plaza's own commands. */
function command(...words) {
  const [program, ...before] = JSON.parse(manage);
  execFileSync(program, [...before, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Let a new phone sync with a server; return what it lacks and of what it complained. */
async function outcome(storage, token, trap) {
  const proxy = await new Proxy(plaza, { trap }).start();
  phone = await Phone.open({ name: `trap-${randomUUID().slice(0, 8)}`, storage, url: proxy.url, token });
  phone.replicate();
  await phone.sync();
  const lacking = await differences(phone, token);
  const found = { lacking, complaints: phone.complaints(), size: (await phone.copy('products')).size };
  await phone.close();
  await proxy.stop();
  return found;
}

/** Run phones against a server that is right and two that are not: these must be seen to fail. */
async function controls(storage, seller) {
  say(`controls, ${storage}:`);
  const token = await signIn(seller.email);
  const right = await outcome(storage, token, {});
  promise(right.lacking.length === 0 && right.complaints.length === 0, 'with the contract kept, all is there');
  const clamped = await outcome(storage, token, clampedLimit(PULL_ROWS / 2));
  promise(
    clamped.lacking.length > 0 && clamped.complaints.length === 0,
    'a limit that is clamped silently loses rows, and no phone says so',
    JSON.stringify({ ...clamped, lacking: clamped.lacking.length }),
  );
  const unknown = await outcome(storage, token, unknownField('colour'));
  promise(
    unknown.size === 0 && unknown.complaints.includes('additionalProperties'),
    'an unknown field stops a phone that holds documents against their schema',
    JSON.stringify({ ...unknown, lacking: unknown.lacking.length }),
  );
}

say(`seed ${SEED}`);
for (const [place, storage] of STORAGES.entries()) {
  const rest = watch(storage, 3 * MAX_SECONDS);
  await day(storage, sellers[place], sellers.at(-1));
  await controls(storage, sellers.at(-1));
  rest();
}
say(`clients: ${broken} promises broken`);
process.exit(broken ? 1 : 0);
