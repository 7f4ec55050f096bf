import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TesseraError } from '@tessera/model';
import type { AnySchemaObject } from 'ajv/dist/2020.js';
import { type StateCheck, WidgetSchemas } from './widget-schemas.ts';

/** The part of the Standard Schema contract (standardschema.dev) that is used. */
interface StandardSchema {
  readonly '~standard': {
    validate(value: unknown): StandardResult | Promise<StandardResult>;
  };
}

interface StandardResult {
  readonly issues?: readonly StandardIssue[] | undefined;
}

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

interface Named {
  /** `chart`, `chart@2` */
  readonly name: string;
  /** Where it is from, for messages. */
  readonly from: string;
  readonly schema: unknown;
}

const MODULES = ['.js', '.mjs', '.ts'];

/**
 * Schemas of widgets from a folder of `<widget type>.json` and `<widget type>@<version>.json`, or from
 * a module whose default export has them by these names.
 * @throws TesseraError `bad-setting` that names the file and what is wrong with it.
 */
export async function loadWidgetSchemas(path: string): Promise<WidgetSchemas> {
  const all = await named(resolve(path));
  if (all.length === 0) throw bad(path, 'has no schemas');
  const checks = new Map<string, StateCheck>();
  const ajv = await createAjv();
  // All of them first: one may refer to another.
  for (const { name, from, schema } of all) {
    if (isStandardSchema(schema)) checks.set(name, standardCheck(schema, from));
    else attempt(from, () => ajv.addSchema(schema as AnySchemaObject, name));
  }
  for (const { name, from } of all) {
    if (checks.has(name)) continue;
    const validate = attempt(from, () => ajv.getSchema(name));
    if (validate === undefined) throw bad(from, 'is no schema');
    checks.set(name, (state) => {
      if (validate(state) === true) return undefined;
      const [error] = validate.errors ?? [];
      return `${error?.instancePath ?? ''} ${error?.message ?? 'is not valid'}`.trimStart();
    });
  }
  return new WidgetSchemas(checks);
}

/** Loaded when it is needed: it takes 8 MiB. */
async function createAjv() {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  return new Ajv2020({
    // A misspelt keyword would let everything pass. What only warns about style does not concern us.
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // In this draft formats are annotations.
    validateFormats: false,
    ownProperties: true,
    logger: false,
  });
}

async function named(path: string): Promise<Named[]> {
  const info = await attempt(path, () => stat(path));
  if (info.isDirectory()) {
    const files = (await readdir(path)).filter((file) => extname(file) === '.json').sort();
    return Promise.all(files.map((file) => fromFile(join(path, file))));
  }
  if (!MODULES.includes(extname(path))) {
    throw bad(path, `is neither a folder nor a module (${MODULES.join(', ')})`);
  }
  const module: unknown = await attempt(path, () => import(pathToFileURL(path).href));
  const schemas = (module as { default?: unknown }).default;
  if (typeof schemas !== 'object' || schemas === null) {
    throw bad(path, 'has no default export that maps widget types to schemas');
  }
  return Object.entries(schemas).map(([name, schema]) => ({
    name,
    from: `${path} (${name})`,
    schema,
  }));
}

async function fromFile(from: string): Promise<Named> {
  const text = await readFile(from, 'utf8');
  const schema: unknown = attempt(from, () => JSON.parse(text));
  return { name: basename(from, '.json'), from, schema };
}

function isStandardSchema(schema: unknown): schema is StandardSchema {
  return typeof Object(schema)['~standard']?.validate === 'function';
}

function standardCheck(schema: StandardSchema, from: string): StateCheck {
  const check = (state: unknown): string | undefined => {
    const result = schema['~standard'].validate(state);
    if (result instanceof Promise) throw new Error('it validates later, with a promise');
    const issue = result.issues?.[0];
    return issue && `${pointerTo(issue)} ${issue.message}`.trimStart();
  };
  attempt(from, () => check({}));
  return check;
}

function pointerTo({ path = [] }: StandardIssue): string {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function attempt<T>(from: string, work: () => T): T {
  const failed = (cause: unknown): never => {
    throw bad(from, (cause as Error).message, cause);
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(failed) as T) : result;
  } catch (cause) {
    return failed(cause);
  }
}

function bad(from: string, problem: string, cause?: unknown): TesseraError {
  return new TesseraError('bad-setting', `TESSERA_WIDGET_SCHEMAS: ${from}: ${problem}`, { cause });
}
