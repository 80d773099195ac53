// Makes both TypeScript clients of openapi.yaml, in generated/.
import { createClient } from '@hey-api/openapi-ts';
import { mkdir, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const contract = new URL('../../openapi.yaml', import.meta.url);
const folder = new URL('generated/', import.meta.url);
await mkdir(folder, { recursive: true });

const FORM = ts.factory.createTypeReferenceNode('FormData');
const isFile = (schema) => schema.format === 'binary';
const types = await openapiTS(contract, {
  // The one thing that a form is in the fetch standard; openapi-typescript leaves it to its caller.
  transform: (schema) =>
    Object.values(schema.properties ?? {}).some(isFile) ? FORM : undefined,
});
await writeFile(new URL('openapi.d.ts', folder), astToString(types));

await createClient({
  input: contract.pathname,
  output: new URL('hey-api', folder).pathname,
  plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
  logs: { level: 'warn' },
});
