import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadWidgetSchemas } from './load-schemas.ts';
import type { WidgetSchemas } from './widget-schemas.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tessera-schemas-'));
});
afterAll(() => rm(root, { recursive: true }));

async function folderOf(files: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(root, 'folder-'));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(
      join(folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return folder;
}

const moduleOf = async (text: string) =>
  join(await folderOf({ 'schemas.mjs': text }), 'schemas.mjs');

const problem = (schemas: WidgetSchemas, type: string, version: number, state: object) =>
  schemas.problemOf({ id: 'w', type, version, state: state as never });

it('a folder has a schema for each type, and for a version of it', async () => {
  const schemas = await loadWidgetSchemas(
    await folderOf({
      'chart.json': { type: 'object', required: ['series'] },
      'chart@2.json': { properties: { series: { items: { required: ['color'] } } } },
      'chart@3.json': { $ref: 'https://example.org/color' },
      'color.json': { $id: 'https://example.org/color', properties: { color: { type: 'string' } } },
      'README.md': 'no schema',
    }),
  );
  expect(problem(schemas, 'chart', 1, {})).toBe("must have required property 'series'");
  expect(problem(schemas, 'chart', 1, { series: 1 })).toBe(undefined);
  expect(problem(schemas, 'chart', 2, {})).toBe(undefined);
  expect(problem(schemas, 'chart', 2, { series: [{}] })).toBe(
    "/series/0 must have required property 'color'",
  );
  expect(problem(schemas, 'chart', 3, { color: 1 })).toBe('/color must be string');
  expect(problem(schemas, 'table', 1, { series: 1 })).toBe(undefined);
  expect(problem(schemas, 'chart', 1, Object.create({ series: 1 }))).toMatch(/must have required/);
});

it('a module has JSON Schemas and validators of any library', async () => {
  const path = await moduleOf(`
    const validate = (state) => state.n > 1
      ? { value: state }
      : { issues: [{ message: 'is too small', path: ['a/b', { key: 0 }, 'n'] }] };
    export default {
      'a/b': { '~standard': { version: 1, vendor: 'test', validate } },
      throws: { '~standard': { validate: (state) => { if (state.deep) throw new RangeError('too deep'); return {}; } } },
      'note@1': { type: 'object', maxProperties: 1 },
    };`);
  const schemas = await loadWidgetSchemas(path);
  expect(problem(schemas, 'a/b', 1, { n: 1 })).toBe('/a~1b/0/n is too small');
  expect(problem(schemas, 'a/b', 1, { n: 2 })).toBe(undefined);
  expect(problem(schemas, 'throws', 1, { deep: 1 })).toBe('cannot be checked: too deep');
  expect(problem(schemas, 'note', 1, { a: 1, b: 1 })).toBe('must NOT have more than 1 properties');
  expect(problem(schemas, 'note', 2, { a: 1, b: 1 })).toBe(undefined);
});

it.each([
  ['a schema that is no JSON', { 'chart.json': '{"type":' }, /chart\.json: .*JSON/],
  ['a schema that is none', { 'chart.json': { type: 'strnig' } }, /chart\.json: schema is invalid/],
  [
    'a keyword that there is not',
    { 'a.json': { requird: [] } },
    /a\.json: .*unknown keyword.*requird/,
  ],
  ['a reference to nothing', { 'a.json': { $ref: 'b' } }, /a\.json: can't resolve reference b/],
  ['an array', { 'a.json': [] }, /a\.json: /],
  ['no schemas', {}, /has no schemas/],
])('%s is an error that names the file', async (_, files, message) => {
  const loading = loadWidgetSchemas(await folderOf(files));
  await expect(loading).rejects.toMatchObject({
    code: 'bad-setting',
    message: expect.stringMatching(/TESSERA_WIDGET_SCHEMAS: .*folder-/),
  });
  await expect(loading).rejects.toThrow(message);
});

it.each([
  ['has nothing', 'export const a = 1', /no default export/],
  ['throws', 'throw new Error("by design")', /by design/],
  [
    'validates later',
    `export default { note: { '~standard': { validate: async () => ({}) } } }`,
    /\(note\): it validates later/,
  ],
])('a module that %s is an error', async (_, text, message) => {
  await expect(loadWidgetSchemas(await moduleOf(text))).rejects.toThrow(message);
});

it('a path that is not there, or to some other file, is an error', async () => {
  await expect(loadWidgetSchemas(join(root, 'nowhere'))).rejects.toThrow(/nowhere: ENOENT/);
  const folder = await folderOf({ 'chart.json': {} });
  await expect(loadWidgetSchemas(join(folder, 'chart.json'))).rejects.toThrow(
    /neither a folder nor/,
  );
});
