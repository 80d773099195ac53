// A day with the client that hey-api makes.
import { address, cursorOf, expect, PATIENCE_MS, person, present, sleep } from './expect.js';
import { client } from './generated/hey-api/client.gen.js';
import {
  createDog,
  getDog,
  getFile,
  getMe,
  listDogs,
  signIn,
  signOut,
  updateDog,
  uploadFile,
} from './generated/hey-api/sdk.gen.js';

const name = `Hey-${Date.now()}`;
let access = '';
client.setConfig({ baseUrl: address, auth: () => access });

access = present((await signIn({ body: person })).data, 'tokens').access;

// Register a dog under a key, and again under the same key: one dog, the first answer.
const register = () =>
  createDog({ path: { name }, headers: { 'Idempotency-Key': name }, body: { is_adopted: false } });
const made = await register();
expect(made.response?.status === 201, 'a new dog is 201');
const replayed = await register();
expect(replayed.response?.headers.get('Idempotency-Replayed') === 'true', 'a key is replayed');
expect(replayed.data?.id === made.data?.id, 'a replay has the first answer');

// Wait for its picture.
let dog = await getDog({ path: { name } });
for (const end = Date.now() + PATIENCE_MS; dog.data?.picture_status === 'pending'; ) {
  expect(Date.now() < end, 'the picture comes');
  await sleep(200);
  dog = await getDog({ path: { name } });
}
expect(dog.data?.picture_status === 'ready', 'the picture is ready');
expect(dog.data.picture.startsWith('https://'), 'the picture is an address');

// Page through all dogs.
const seen = new Set<number>();
let cursor: string | undefined;
do {
  const query = { limit: 3, cursor, ordering: ['name' as const, '-id' as const] };
  const page = present((await listDogs({ query })).data, 'a page');
  for (const row of page.results) seen.add(Number(row.id));
  cursor = cursorOf(page.next);
} while (cursor !== undefined);
const counted = await listDogs({ query: { count: true, limit: 1 } });
expect(seen.size === Number(counted.data?.count), 'all dogs are on the pages');

// A second dog of the name is a conflict, which says so in a code.
const twice = await createDog({ path: { name }, body: {} });
expect(twice.response?.status === 409, 'a name that is taken is 409');
expect(twice.error?.code === 'dog_name_taken', 'the conflict has its code');

// Two who read the same dog and both write: the second one is told.
const tag = present(dog.response?.headers.get('ETag'), 'ETag');
const adopt = () =>
  updateDog({ path: { name }, headers: { 'If-Match': tag }, body: { is_adopted: true } });
expect((await adopt()).data?.is_adopted === true, 'the first write is taken');
const late = await adopt();
expect(late.response?.status === 412, 'the second write is 412');
expect(late.error?.code === 'precondition_failed', 'it says why');
expect(late.error.current !== tag, 'it has the tag of now');

// Upload a file.
const sent = await uploadFile({ body: { file: new File(['wag'], 'wag.txt') } });
expect(sent.response?.status === 202, 'a file is accepted');
const id = present(sent.data, 'the file').id;
const file = await getFile({ path: { id } });
expect(file.data?.name === 'wag.txt' && Number(file.data.size) === 3, 'the file arrived');

// Sign out, with the access token alone.
expect((await signOut()).response?.status === 204, 'signing out is 204');
const after = await getMe();
expect(after.response?.status === 401 && after.error?.code === 'invalid_token', 'the token is over');
console.log(`hey-api: ok, ${seen.size} dogs`);
