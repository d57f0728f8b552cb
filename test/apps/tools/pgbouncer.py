# Tool: PgBouncer
# Packages: pgbouncer python3-psycopg2
# Version: pgbouncer --version | sed -n 's/^PgBouncer //p'
# Command: python3 tools/pgbouncer.py
# One session of the server for all clients: in transaction mode with act_as(), and in session
# mode, whose server_reset_query is DISCARD ALL by default, with act_as_session().
import os
import socket
import subprocess
import time

import psycopg2

with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
folder = os.environ['APP_SOCKET']
server = f"host={os.environ['PGHOST']} port={os.environ['PGPORT']} dbname={os.environ['PGDATABASE']} pool_size=1"
with open(folder + '/pgbouncer.ini', 'w') as ini, open(folder + '/users', 'w') as users:
    users.write('"pool" "pool"\n')
    ini.write(f'''
[databases]
crm = {server} pool_mode=transaction
legacy = {server} pool_mode=session

[pgbouncer]
server_reset_query = DISCARD ALL
''')
    ini.write(f'listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users\n')
bouncer = subprocess.Popen(['runuser', '-u', 'postgres', '--', 'pgbouncer', '-q', folder + '/pgbouncer.ini'])


def connect(database, autocommit=False):
    for _ in range(300):
        try:
            connection = psycopg2.connect(host='127.0.0.1', port=port, dbname=database, user='pool')
            connection.autocommit = autocommit
            return connection
        except psycopg2.OperationalError:
            time.sleep(0.1)
    raise SystemExit('PgBouncer does not answer')


def query(connection, condition, *given):
    with connection.cursor() as cursor:
        cursor.execute('SELECT id, phone FROM customer ' + condition, given)
        return cursor.fetchall()


def say(name, actor, rows):
    print(name, actor, *(f'{id}={phone}' for id, phone in rows), flush=True)


def step(name, actor, connection, condition, *given, role=None):
    """A request: a transaction of its own, of one client among others."""
    try:
        with connection, connection.cursor() as cursor:
            if actor != 'pool':
                cursor.execute('SELECT contact_guard.act_as(%s, role => %s)', [actor, role])
            say(name, actor, query(connection, condition, *given))
    except psycopg2.Error as error:
        print(name, actor, 'ERROR', str(error).replace('\n', ' '), flush=True)


def cursor(connection):
    with connection, connection.cursor() as plain, connection.cursor('customers') as named:
        plain.execute('SELECT contact_guard.act_as(%s)', ['anna'])
        named.itersize = 3
        named.execute('SELECT id, phone FROM customer WHERE id <= 8 ORDER BY id')
        say('cursor', 'anna', list(named))


try:
    anna, dupont, nobody = connect('crm'), connect('crm'), connect('crm')
    step('list', 'anna', anna, 'ORDER BY id LIMIT 5')
    step('plan', 'm.dupont', dupont, 'WHERE id IN (8, 9) ORDER BY id', role='dispatcher')
    step('forgotten', 'pool', nobody, 'WHERE id <= 3 ORDER BY id')
    step('page', 'anna', anna, 'ORDER BY id LIMIT 5 OFFSET 20')
    step('found', 'm.dupont', dupont, 'WHERE phone = %s', '0639980007', role='dispatcher')
    step('detail', 'anna', anna, 'WHERE id = %s', 1)
    step('search', 'anna', anna, 'WHERE phone = %s', '0639980001')
    step('missed', 'anna', anna, 'WHERE phone = %s', '0639980007')
    cursor(anna)
    for client in (anna, dupont, nobody):
        client.close()

    first = connect('legacy', autocommit=True)
    with first.cursor() as call:
        call.execute("SELECT contact_guard.act_as_session('anna')")
    say('session', 'anna', query(first, 'WHERE id <= 3 ORDER BY id'))
    first.close()  # without act_as_nobody(): the pool ends it before it gives the session away
    say('nobody', 'pool', query(connect('legacy', autocommit=True), 'WHERE id = 1'))
finally:
    bouncer.terminate()
    bouncer.wait()
