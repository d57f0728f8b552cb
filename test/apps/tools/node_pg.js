// Tool: node-postgres
// Packages: nodejs node-pg
// Version: dpkg-query -W -f '${Version}' node-pg | sed 's/[+-].*//'
// Command: node tools/node_pg.js
'use strict';
const { Pool } = require('pg');

const pool = new Pool({ max: 2 });

// recipe: transaction
// Gives work() a client of the pool in a transaction in which the end user is named.
async function asActor(user, work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT contact_guard.act_as($1, role => $2)', [user.name, user.role]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
// end of recipe

const rows = 'SELECT id, phone FROM customer ';
const query = (text, ...values) => async client => (await client.query(rows + text, values)).rows;

async function step(name, actor, work, role = null) {
  try {
    const read = actor === 'pool' ? await work(pool) : await asActor({ name: actor, role }, work);
    console.log([name, actor, ...read.map(c => `${c.id}=${c.phone}`)].join(' '));
  } catch (error) {
    console.log(name, actor, 'ERROR', error.code, error.message);
  }
}

async function update(client) {
  const customer = (await client.query('SELECT * FROM customer WHERE id = $1', [2])).rows[0];
  const changed = await client.query('UPDATE customer SET name = $2, phone = $3, city = $4 WHERE id = $1 RETURNING id, phone',
    [customer.id, customer.name, customer.phone, 'Paris']);
  return changed.rows;
}

async function insert(client) {
  const made = await client.query('INSERT INTO customer (name, phone, city) VALUES ($1, $2, $3) RETURNING id', ['New', '0639980031', 'Lyon']);
  return query('WHERE id = $1', made.rows[0].id)(client);
}

async function prepared(client) {
  let read = [];
  for (let i = 0; i < 3; i++)
    read = read.concat((await client.query({ name: 'first', text: rows + 'WHERE id <= $1 ORDER BY id', values: [2] })).rows);
  return read;
}

async function savepoint(client) {
  await client.query('SAVEPOINT twice');
  await client.query("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')").catch(() => client.query('ROLLBACK TO twice'));
  return query('WHERE id = $1', 1)(client);
}

async function cursor(client) {
  await client.query('DECLARE customers CURSOR FOR ' + rows + 'WHERE id <= 8 ORDER BY id');
  let read = [], part;
  do {
    part = (await client.query('FETCH 3 FROM customers')).rows;
    read = read.concat(part);
  } while (part.length > 0);
  return read;
}

async function main() {
  await step('list', 'anna', query('ORDER BY id LIMIT $1', 5));
  await step('page', 'anna', query('ORDER BY id LIMIT $1 OFFSET $2', 5, 20));
  await step('detail', 'anna', query('WHERE id = $1', 1));
  await step('update', 'anna', update);
  await step('search', 'anna', query('WHERE phone = $1', '0639980001'));
  await step('missed', 'anna', query('WHERE phone = $1', '0639980007'));
  await step('insert', 'anna', insert);
  await step('cursor', 'anna', cursor);
  await step('prepared', 'anna', prepared);
  await step('savepoint', 'anna', savepoint);
  await step('forgotten', 'pool', query('WHERE id <= $1 ORDER BY id', 3));
  await step('found', 'm.dupont', query('WHERE phone = $1', '0639980007'), 'dispatcher');
  await step('plan', 'm.dupont', query('WHERE id = ANY ($1) ORDER BY id', [8, 9]), 'dispatcher');

  const client = await pool.connect();
  await client.query("SELECT contact_guard.act_as_session('anna')");
  console.log(['session', 'anna', ...(await query('WHERE id <= $1 ORDER BY id', 3)(client)).map(c => `${c.id}=${c.phone}`)].join(' '));
  await client.query('SELECT contact_guard.act_as_nobody()');
  console.log(['nobody', 'pool', ...(await query('WHERE id = $1', 1)(client)).map(c => `${c.id}=${c.phone}`)].join(' '));
  client.release();
  await pool.end();
}

main();
