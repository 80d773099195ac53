// What the programs say of what they found: the first thing that is not so ends them.
export function expect(so: boolean, what: string): asserts so {
  if (!so) throw new Error(`not so: ${what}`);
}

export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`missing: ${what}`);
  return value;
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const PATIENCE_MS = 30_000;
export const address = present(process.env['PLAZA_URL'], 'PLAZA_URL');
export const person = {
  email: present(process.env['PLAZA_EMAIL'], 'PLAZA_EMAIL'),
  password: present(process.env['PLAZA_PASSWORD'], 'PLAZA_PASSWORD'),
};

/** The cursor of a neighbouring page, or nothing where there is none. */
export function cursorOf(next: string | null): string | undefined {
  return next === null ? undefined : (new URL(next).searchParams.get('cursor') ?? undefined);
}
