// Tool: Sequelize
// Packages: nodejs
// Npm: sequelize@6.37.8 pg@8.23.1 cls-hooked@4.2.2
// Version: NODE_PATH=/opt/npm/node_modules node -p 'require("sequelize/package.json").version'
// Command: env NODE_PATH=/opt/npm/node_modules node tools/sequelize.js
'use strict';
const { DataTypes, Op, Sequelize } = require('sequelize');

// recipe: transaction
// With a namespace, Sequelize runs each query of work() in the transaction around it.
Sequelize.useCLS(require('cls-hooked').createNamespace('request'));

async function asActor(user, work) {
  return sequelize.transaction(async () => {
    await sequelize.query('SELECT contact_guard.act_as($1, role => $2)', { bind: [user.name, user.role] });
    return work();
  });
}
// end of recipe

const { PGHOST, PGPORT, PGDATABASE } = process.env;
const sequelize = new Sequelize(PGDATABASE, 'pool', 'pool', { host: PGHOST, port: PGPORT, dialect: 'postgres', logging: false, pool: { max: 1 } });
const Customer = sequelize.define('customer', {
  id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
  name: DataTypes.STRING,
  phone: DataTypes.STRING,
  city: DataTypes.STRING,
}, { freezeTableName: true, timestamps: false });

async function step(name, actor, work, role = null) {
  try {
    const read = actor === 'pool' ? await work() : await asActor({ name: actor, role }, work);
    console.log([name, actor, ...read.map(c => `${c.id}=${c.phone}`)].join(' '));
  } catch (error) {
    console.log(name, actor, 'ERROR', error.message);
  }
}

async function update() {
  const customer = await Customer.findByPk(2);
  customer.city = 'Paris';
  customer.changed('phone', true); // a form's field, written back as it was read
  await customer.save();
  return [await customer.reload()];
}

async function insert() {
  const customer = await Customer.create({ name: 'New', phone: '0639980031', city: 'Lyon' });
  return [await customer.reload()];
}

async function savepoint() {
  await sequelize.query('SAVEPOINT twice');
  await Customer.create({ id: 1, name: 'Twice', phone: '0639980099', city: 'Lyon' }).catch(() => sequelize.query('ROLLBACK TO twice'));
  return [await Customer.findByPk(1)];
}

async function main() {
  const page = number => () => Customer.findAll({ order: ['id'], limit: 5, offset: 5 * (number - 1) });
  const find = where => () => Customer.findAll({ where, order: ['id'] });
  await step('list', 'anna', page(1));
  await step('page', 'anna', page(5));
  await step('detail', 'anna', async () => [await Customer.findByPk(1)]);
  await step('update', 'anna', update);
  await step('search', 'anna', find({ phone: '0639980001' }));
  await step('missed', 'anna', find({ phone: '0639980007' }));
  await step('insert', 'anna', insert);
  await step('savepoint', 'anna', savepoint);
  await step('forgotten', 'pool', find({ id: { [Op.lte]: 3 } }));
  await step('found', 'm.dupont', find({ phone: '0639980007' }), 'dispatcher');
  await step('plan', 'm.dupont', find({ id: [8, 9] }), 'dispatcher');

  // The pool has one connection here; act_as_session() needs one end user for each connection.
  await sequelize.query("SELECT contact_guard.act_as_session('anna')");
  const say = async (name, actor, where) => console.log([name, actor, ...(await find(where)()).map(c => `${c.id}=${c.phone}`)].join(' '));
  await say('session', 'anna', { id: { [Op.lte]: 3 } });
  await sequelize.query('SELECT contact_guard.act_as_nobody()');
  await say('nobody', 'pool', { id: 1 });
  await sequelize.close();
}

main();
