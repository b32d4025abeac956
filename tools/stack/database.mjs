// D1 from outside the Workers: migrations, in the table wrangler itself keeps, and queries.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unstable_splitSqlQuery } from "wrangler";

/** Applies every `*.sql` of the folder that the table does not name yet, in the order of their names. */
export async function migrate(db, { dir, table }) {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS "${table}"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, ` +
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const { results } = await db.prepare(`SELECT name FROM "${table}"`).all();
  const applied = new Set(results.map((row) => row.name));
  const pending = (await readdir(dir)).filter((name) => name.endsWith(".sql") && !applied.has(name)).sort();
  for (const name of pending) {
    const statements = unstable_splitSqlQuery(await readFile(join(dir, name), "utf8"));
    await db.batch([
      ...statements.map((statement) => db.prepare(statement)),
      db.prepare(`INSERT INTO "${table}" (name) VALUES (?)`).bind(name),
    ]);
  }
  return pending;
}

export async function query(db, sql, params) {
  const statement = db.prepare(sql);
  const { results } = await (params.length > 0 ? statement.bind(...params) : statement).all();
  return results ?? [];
}
