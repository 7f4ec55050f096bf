import type { Queryable } from './database.ts';

interface Table {
  name: string;
  parent: string | null;
  bound: string | null;
  partition_key: string | null;
  options: string | null;
}

interface Line {
  owner: string;
  line: string;
}

const tables = `
  SELECT c.relname AS name, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound,
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
    array_to_string(c.reloptions, ', ') AS options
  FROM pg_class c
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  LEFT JOIN pg_class p ON p.oid = i.inhparent
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  ORDER BY c.relname`;

const storages = `(VALUES ('p', 'PLAIN'), ('e', 'EXTERNAL'), ('m', 'MAIN'), ('x', 'EXTENDED'))`;

const columns = `
  SELECT c.relname AS owner, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || s.word END,
    CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE "' || k.collname || '"' END,
    CASE WHEN a.attnotnull THEN 'NOT NULL' END,
    'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN ${storages} AS s(letter, word) ON s.letter = a.attstorage::text
  LEFT JOIN pg_collation k ON k.oid = a.attcollation
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY c.relname, a.attnum`;

// PostgreSQL 18 lists NOT NULL as constraints ('n'), older ones do not; the columns show it already.
const constraints = `
  SELECT c.relname AS owner, format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)) AS line
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  WHERE c.relnamespace = current_schema()::regnamespace AND k.contype <> 'n' AND k.conparentid = 0
  ORDER BY c.relname, k.conname`;

const indexes = `
  SELECT c.relname AS owner, pg_get_indexdef(i.indexrelid) || ';' AS line
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE c.relnamespace = current_schema()::regnamespace AND NOT x.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  ORDER BY c.relname, x.relname`;

/** The schema as SQL, the same text from every PostgreSQL and from PGlite. */
export async function dumpSchema(database: Queryable): Promise<string> {
  const byOwner = async (name: string, sql: string) =>
    Map.groupBy(await database.query<Line>(name, sql), (row) => row.owner);
  const columnLines = await byOwner('schema-columns', columns);
  const constraintLines = await byOwner('schema-constraints', constraints);
  const indexLines = await byOwner('schema-indexes', indexes);

  const statements = (await database.query<Table>('schema-tables', tables)).map((table) => {
    if (table.parent !== null) {
      return `CREATE TABLE ${table.name} PARTITION OF ${table.parent} ${table.bound};`;
    }
    const own = [columnLines, constraintLines].flatMap((lines) => lines.get(table.name) ?? []);
    const body = own.map(({ line }) => `  ${line}`).join(',\n');
    const partition = table.partition_key === null ? '' : ` PARTITION BY ${table.partition_key}`;
    const options = table.options === null ? '' : ` WITH (${table.options})`;
    const rest = (indexLines.get(table.name) ?? []).map(({ line }) => `\n${line}`).join('');
    return `CREATE TABLE ${table.name} (\n${body}\n)${partition}${options};${rest}`;
  });
  return ['-- Written by "npm run schema -w persistence".', ...statements, '']
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
