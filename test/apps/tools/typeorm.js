// Tool: TypeORM
// Packages: nodejs
// Npm: typeorm@0.3.31 reflect-metadata@0.2.2 pg@8.23.1
// Version: sed -n 's/^ *"version": "\(.*\)",$/\1/p' /opt/npm/node_modules/typeorm/package.json | head -n 1
// Command: env NODE_PATH=/opt/npm/node_modules node tools/typeorm.js
'use strict';
require('reflect-metadata');
const { Between, DataSource, EntitySchema, In, LessThanOrEqual } = require('typeorm');

// recipe: transaction
// Gives work() the manager of a transaction in which the end user is named.
async function asActor(user, work) {
  return dataSource.transaction(async manager => {
    await manager.query('SELECT contact_guard.act_as($1, role => $2)', [user.name, user.role]);
    return work(manager);
  });
}
// end of recipe

const Customer = new EntitySchema({
  name: 'customer',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'identity', generatedIdentity: 'BY DEFAULT' },
    name: { type: 'varchar' },
    phone: { type: 'varchar' },
    city: { type: 'varchar' },
  },
});
const { PGHOST, PGPORT, PGDATABASE } = process.env;
const dataSource = new DataSource({
  type: 'postgres', host: PGHOST, port: Number(PGPORT), database: PGDATABASE, username: 'pool', password: 'pool', entities: [Customer],
});

async function step(name, actor, work, role = null) {
  try {
    const read = actor === 'pool' ? await work(dataSource.manager) : await asActor({ name: actor, role }, work);
    console.log([name, actor, ...read.map(c => `${c.id}=${c.phone}`)].join(' '));
  } catch (error) {
    console.log(name, actor, 'ERROR', error.message);
  }
}

async function update(manager) {
  const customer = await manager.findOneBy(Customer, { id: 2 });
  customer.city = 'Paris';
  await manager.save(Customer, customer);
  await manager.update(Customer, { id: 2 }, { name: customer.name, phone: customer.phone, city: customer.city });
  return manager.findBy(Customer, { id: 2, city: 'Paris' });
}

async function insert(manager) {
  const made = await manager.save(Customer, manager.create(Customer, { name: 'New', phone: '0639980031', city: 'Lyon' }));
  return manager.findBy(Customer, { id: made.id });
}

// Batches by key
async function cursor(manager) {
  let read = [], part;
  do {
    const last = read.length > 0 ? read[read.length - 1].id : 0;
    part = await manager.find(Customer, { where: { id: Between(Number(last) + 1, 8) }, order: { id: 'ASC' }, take: 3 });
    read = read.concat(part);
  } while (part.length > 0);
  return read;
}

async function savepoint(manager) {
  await manager.transaction(inner => inner.insert(Customer, { id: 1, name: 'Twice', phone: '0639980099', city: 'Lyon' })).catch(() => null);
  return manager.findBy(Customer, { id: 1 });
}

async function main() {
  await dataSource.initialize();
  const page = number => manager => manager.find(Customer, { order: { id: 'ASC' }, take: 5, skip: 5 * (number - 1) });
  const find = where => manager => manager.find(Customer, { where, order: { id: 'ASC' } });
  await step('list', 'anna', page(1));
  await step('page', 'anna', page(5));
  await step('detail', 'anna', async manager => [await manager.findOneBy(Customer, { id: 1 })]);
  await step('update', 'anna', update);
  await step('search', 'anna', find({ phone: '0639980001' }));
  await step('missed', 'anna', find({ phone: '0639980007' }));
  await step('insert', 'anna', insert);
  await step('cursor', 'anna', cursor);
  await step('savepoint', 'anna', savepoint);
  await step('forgotten', 'pool', find({ id: LessThanOrEqual(3) }));
  await step('found', 'm.dupont', find({ phone: '0639980007' }), 'dispatcher');
  await step('plan', 'm.dupont', find({ id: In([8, 9]) }), 'dispatcher');

  const runner = dataSource.createQueryRunner();
  const say = async (name, actor, where) => console.log([name, actor, ...(await find(where)(runner.manager)).map(c => `${c.id}=${c.phone}`)].join(' '));
  await runner.query("SELECT contact_guard.act_as_session('anna')");
  await say('session', 'anna', { id: LessThanOrEqual(3) });
  await runner.query('SELECT contact_guard.act_as_nobody()');
  await say('nobody', 'pool', { id: 1 });
  await runner.release();
  await dataSource.destroy();
}

main();
