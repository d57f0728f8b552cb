# Tool: Tryton, with the module party
# Packages: tryton-server tryton-modules-party python3-psycopg2
# With: a module of the site, which names the user when a transaction begins; a search by `rec_name` compares two columns by OR, so it is not a look-up
# Version: dpkg-query -W -f '${Version}' tryton-server | sed 's/-.*//'
# Command: python3 tools/tryton.py
# Its own tables: a contact mechanism of each party, of which value and value_compact are guarded.
# The login that Tryton has owns them.
import os
import subprocess
import sys
import warnings

warnings.simplefilter('ignore')
folder = os.environ['APP_SOCKET']
database = os.environ['PGDATABASE']


def boss(*commands):
    subprocess.run(['runuser', '-u', 'postgres', '--', '/usr/lib/postgresql/15/bin/psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', folder,
                    '-U', 'postgres', *(part for command in commands for part in ('-c', command))], check=True, stdout=subprocess.DEVNULL)


boss('GRANT CREATE ON SCHEMA public TO pool')
with open(folder + '/trytond.conf', 'w') as conf, open(folder + '/trytond.password', 'w') as password:
    conf.write(f"[database]\nuri = postgresql://pool:pool@{os.environ['PGHOST']}:{os.environ['PGPORT']}/\npath = {folder}\n")
    password.write('secret of admin')
subprocess.run(['trytond-admin', '-c', conf.name, '-d', database, '-u', 'party', '--activate-dependencies', '--email', 'admin@crm.invalid'],
               check=True, env={**os.environ, 'TRYTONPASSFILE': password.name}, stdout=sys.stderr)

from trytond.config import config  # noqa: E402

config.update_etc(conf.name)
from trytond.pool import Pool  # noqa: E402

# recipe: transaction
# The file __init__.py of a module of the site
from trytond.transaction import Transaction  # noqa: E402

tryton_start, tryton_commit = Transaction.start, Transaction.commit
roles = {'m.dupont': 'dispatcher'}  # of the users who have standing permissions


def name_the_actor(transaction):
    if transaction.user and transaction.database.name:
        cursor = transaction.connection.cursor()
        cursor.execute('SELECT login FROM res_user WHERE id = %s', [transaction.user])
        login, = cursor.fetchone()
        cursor.execute('SELECT contact_guard.act_as(%s, role => %s)', [login, roles.get(login)])


def start(self, *arguments, **options):
    transaction = tryton_start(self, *arguments, **options)
    name_the_actor(transaction)
    return transaction


def commit(self):
    tryton_commit(self)
    name_the_actor(self)  # a request may go on after a COMMIT


Transaction.start, Transaction.commit = start, commit
# end of recipe

Pool.start()
pool = Pool(database)
pool.init()
with Transaction().start(database, 0) as transaction:
    User, Party, Mechanism = pool.get('res.user'), pool.get('party.party'), pool.get('party.contact_mechanism')
    users = User.create([{'name': name, 'login': name, 'email': name + '@crm.invalid'} for name in ('anna', 'm.dupont', 'pool')])
    User.write(users, {'groups': [('add', [group.id for group in pool.get('res.group').search([('name', 'ilike', '%party%')])])]})
    ids = {user.login: user.id for user in users}
    for number in range(1, 31):
        Party.create([{'name': f'Customer {number}', 'contact_mechanisms': [('create', [{'type': 'mobile', 'value': f'06399800{number:02}'}])]}])
boss("SELECT contact_guard.protect('party_contact_mechanism', customer => 'party', columns => '{value,value_compact}', mask => 'partial(4,2)')")


def step(name, actor, work, user=None):
    """A request, as the server dispatches it"""
    try:
        with Transaction().start(database, ids[actor] if user is None else user):
            print(name, actor, *(f'{m.party.id}={m.value}' for m in work()), flush=True)
    except Exception as error:
        print(name, actor, 'ERROR', type(error).__name__, str(error).replace('\n', ' '), flush=True)


def page(number):
    return Mechanism.search([], order=[('id', 'ASC')], limit=5, offset=5 * (number - 1))


def update():
    mechanism = Mechanism(2)
    mechanism.comment = 'in Paris'
    mechanism.value = mechanism.value  # all fields of a form are written, the mask included
    mechanism.value_compact = mechanism.value_compact
    mechanism.save()
    return Mechanism.search([('id', '=', 2), ('comment', '=', 'in Paris')])


def insert():
    # As Tryton's client sends it, which has asked on_change
    mechanism = {'type': 'mobile', 'value': '0639980031', 'value_compact': '0639980031'}
    party, = Party.create([{'name': 'New', 'contact_mechanisms': [('create', [mechanism])]}])
    return party.contact_mechanisms


def after_commit():
    Mechanism(1).value
    Transaction().commit()
    return [Mechanism(1)]


step('list', 'anna', lambda: page(1))
step('page', 'anna', lambda: page(5))
step('detail', 'anna', after_commit)
step('update', 'anna', update)
step('search', 'anna', lambda: Mechanism.search([('value', '=', '0639980001')]))
step('missed', 'anna', lambda: Mechanism.search([('value', '=', '0639980007')]))
step('insert', 'anna', insert)
step('forgotten', 'pool', lambda: Mechanism.search([('id', '<=', 3)], order=[('id', 'ASC')]), user=0)
step('found', 'm.dupont', lambda: Mechanism.search([('value', '=', '0639980007')]))
step('plan', 'm.dupont', lambda: Mechanism.search([('party', 'in', [8, 9])], order=[('id', 'ASC')]))
boss("DO $$BEGIN ASSERT (SELECT every(value = '06399800' || to_char(party, 'FM00') AND value_compact = value) FROM party_contact_mechanism); END$$")
