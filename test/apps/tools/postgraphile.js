// Tool: PostGraphile
// Packages: nodejs
// Npm: postgraphile@4.14.1 pg@8.23.1
// Version: NODE_PATH=/opt/npm/node_modules node -p 'require("postgraphile/package.json").version'
// Command: env NODE_PATH=/opt/npm/node_modules node tools/postgraphile.js
// The server that postgraphile(...) makes, asked over HTTP, as a browser would.
'use strict';
const http = require('http');
const { Pool } = require('pg');
const { makePluginHook, postgraphile } = require('postgraphile');

// Stands for what the site takes from its session or its token
const userOf = request => ({ name: request.headers['x-user'], role: request.headers['x-role'] });

// recipe: transaction
// A plugin of the server: each request that has settings runs in a transaction, and first names
// the end user who is in them.
const nameTheActor = {
  withPostGraphileContext: withContext => (options, callback) =>
    withContext(options, async context => {
      const { 'crm.user': name, 'crm.role': role } = options.pgSettings;
      if (name)
        await context.pgClient.query('SELECT contact_guard.act_as($1, role => $2)', [name, role]);
      return callback(context);
    }),
};
const options = {
  pluginHook: makePluginHook([nameTheActor]),
  pgSettings: async request => ({ 'crm.user': userOf(request).name, 'crm.role': userOf(request).role }),
};
// end of recipe

const pool = new Pool({ user: 'pool', password: 'pool' });
const server = http.createServer(postgraphile(pool, 'public', { ...options, dynamicJson: true, disableQueryLog: true, ignoreRBAC: false }));

function ask(query, user, variables) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', ...(user && { 'X-User': user.name }), ...(user && user.role && { 'X-Role': user.role }) };
    const request = http.request({ port: server.address().port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, response => {
      let body = '';
      response.on('data', data => (body += data));
      response.on('end', () => {
        const { data, errors } = JSON.parse(body);
        errors ? reject(new Error(errors.map(e => e.message).join('; '))) : resolve(data);
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify({ query, variables }));
  });
}

// Each object that has an id, wherever it is in the answer
const rowsIn = answer => answer === null || typeof answer !== 'object' ? [] : 'id' in answer ? [answer] : Object.values(answer).flatMap(rowsIn);

async function step(name, actor, query, role = null) {
  try {
    const user = actor === 'pool' ? null : { name: actor, role };
    const read = typeof query === 'string' ? rowsIn(await ask(query, user)) : await query(user);
    console.log([name, actor, ...read.map(c => `${c.id}=${c.phone}`)].join(' '));
  } catch (error) {
    console.log(name, actor, 'ERROR', error.message.replace(/\n/g, ' '));
  }
}

async function update(user) {
  const [customer] = rowsIn(await ask('{ customerById(id: "2") { id name phone } }', user));
  return rowsIn(await ask(`mutation ($name: String!, $phone: String!) {
    updateCustomerById(input: { id: "2", customerPatch: { name: $name, phone: $phone, city: "Paris" } }) { customer { id phone } }
  }`, user, { name: customer.name, phone: customer.phone }));
}

async function cursor(user) {
  let read = [], after = null, part;
  do {
    part = (await ask('query ($after: Cursor) { allCustomers(first: 3, after: $after, orderBy: ID_ASC) { nodes { id phone } pageInfo { endCursor } } }',
      user, { after })).allCustomers;
    read = read.concat(part.nodes);
    after = part.pageInfo.endCursor;
  } while (read.length < 6);
  return read.concat(rowsIn(await ask(`{ allCustomers(first: 2, after: "${after}", orderBy: ID_ASC) { nodes { id phone } } }`, user)));
}

async function main() {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const list = given => `{ allCustomers(orderBy: ID_ASC, ${given}) { nodes { id phone } } }`;
  await step('list', 'anna', list('first: 5'));
  await step('page', 'anna', list('first: 5, offset: 20'));
  await step('detail', 'anna', '{ customerById(id: "1") { id phone } }');
  await step('update', 'anna', update);
  await step('search', 'anna', list('condition: { phone: "0639980001" }'));
  await step('missed', 'anna', list('condition: { phone: "0639980007" }'));
  await step('made', 'anna', 'mutation { createCustomer(input: { customer: { name: "New", phone: "0639980031", city: "Lyon" } }) { customer { id phone } } }');
  await step('cursor', 'anna', cursor);
  await step('forgotten', 'pool', list('first: 3'));
  await step('found', 'm.dupont', list('condition: { phone: "0639980007" }'), 'dispatcher');
  await step('plan', 'm.dupont', list('first: 2, offset: 7'), 'dispatcher');
  server.close();
  await pool.end();
  process.exit();
}

main();
