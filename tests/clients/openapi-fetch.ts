// A day with the client that openapi-typescript and openapi-fetch make.
import createClient from 'openapi-fetch';
import { address, cursorOf, expect, PATIENCE_MS, person, present, sleep } from './expect.js';
import type { paths } from './generated/openapi.js';

const name = `Fetch-${Date.now()}`;
const anybody = createClient<paths>({ baseUrl: address });

const signedIn = await anybody.POST('/api/auth/token', { body: person });
const pair = present(signedIn.data, 'tokens');
const plaza = createClient<paths>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${pair.access}` },
});

// Register a dog under a key, and again under the same key: one dog, the first answer.
const register = () =>
  plaza.POST('/api/dogs/{name}', {
    params: { path: { name }, header: { 'Idempotency-Key': name } },
    body: { is_adopted: false },
  });
const made = await register();
expect(made.response.status === 201, 'a new dog is 201');
const replayed = await register();
expect(replayed.response.headers.get('Idempotency-Replayed') === 'true', 'a key is replayed');
expect(replayed.data?.id === made.data?.id, 'a replay has the first answer');

// Wait for its picture.
const read = () => plaza.GET('/api/dogs/{name}', { params: { path: { name } } });
let dog = await read();
for (const end = Date.now() + PATIENCE_MS; dog.data?.picture_status === 'pending'; dog = await read()) {
  expect(Date.now() < end, 'the picture comes');
  await sleep(200);
}
expect(dog.data?.picture_status === 'ready', 'the picture is ready');
expect(dog.data.picture.startsWith('https://'), 'the picture is an address');

// Page through all dogs, in both directions of two names at once.
const seen = new Set<number>();
let cursor: string | undefined;
do {
  const query = { limit: 3, cursor, ordering: ['name' as const, '-id' as const] };
  const page = present((await plaza.GET('/api/dogs', { params: { query } })).data, 'a page');
  for (const row of page.results) seen.add(row.id);
  cursor = cursorOf(page.next);
} while (cursor !== undefined);
const counted = await plaza.GET('/api/dogs', { params: { query: { count: true, limit: 1 } } });
expect(seen.size === counted.data?.count, 'all dogs are on the pages');

// A second dog of the name is a conflict, which says so in a code.
const twice = await plaza.POST('/api/dogs/{name}', { params: { path: { name } }, body: {} });
expect(twice.response.status === 409, 'a name that is taken is 409');
expect(twice.error?.code === 'dog_name_taken', 'the conflict has its code');

// Two who read the same dog and both write: the second one is told.
const tag = present(dog.response.headers.get('ETag'), 'ETag');
const adopt = () =>
  plaza.PATCH('/api/dogs/{name}', {
    params: { path: { name }, header: { 'If-Match': tag } },
    body: { is_adopted: true },
  });
expect((await adopt()).data?.is_adopted === true, 'the first write is taken');
const late = await adopt();
expect(late.response.status === 412, 'the second write is 412');
expect(late.error?.code === 'precondition_failed', 'it says why');
expect(late.error.current !== tag, 'it has the tag of now');

// Upload a file.
const form = new FormData();
form.append('file', new Blob(['wag']), 'wag.txt');
const sent = await plaza.POST('/api/files', { body: form });
expect(sent.response.status === 202, 'a file is accepted');
const id = present(sent.data, 'the file').id;
const file = await plaza.GET('/api/files/{id}', { params: { path: { id } } });
expect(file.data?.name === 'wag.txt' && file.data.size === 3, 'the file arrived');

// Sign out, with the access token alone.
const out = await plaza.POST('/api/auth/logout', {});
expect(out.response.status === 204, 'signing out is 204');
const after = await plaza.GET('/api/users/me');
expect(after.response.status === 401 && after.error?.code === 'invalid_token', 'the token is over');
console.log(`openapi-fetch: ok, ${seen.size} dogs`);
